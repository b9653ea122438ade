import type { FakeConsumer } from './fake-consumer.js';

/** A consumer group's coordinator: who is a member, and which partitions each has in this generation. */
export class FakeGroup {
  generation = 0;
  private members: FakeConsumer[] = [];

  constructor(private readonly partitions: number) {}

  /** Every join is a new generation. Unlike the real coordinator it does not wait for the others: they find out when they ask. */
  join(member: FakeConsumer): void {
    if (this.members.includes(member)) return;
    this.members.push(member);
    this.generation += 1;
  }

  /** A member that left, or that was silent for the session timeout, whether it knows or not. */
  remove(member: FakeConsumer): void {
    if (!this.members.includes(member)) return;
    this.members = this.members.filter((other) => other !== member);
    this.generation += 1;
  }

  has(member: FakeConsumer): boolean {
    return this.members.includes(member);
  }

  /** Turned by one with each generation, so that partitions move. */
  assignmentOf(member: FakeConsumer): number[] {
    const place = this.members.indexOf(member);
    const all = Array.from({ length: this.partitions }, (_, partition) => partition);
    return all.filter((partition) => (partition + this.generation) % this.members.length === place);
  }
}
