/** The coordinator of a consumer group: its members, and their partitions in the current generation. */
export class FakeGroup<Member extends object = object> {
  generation = 0;
  private members: Member[] = [];

  constructor(private readonly partitions: number) {}

  /** Starts a new generation. Unlike the real coordinator it does not wait for the other members: they notice when they ask. */
  add(member: Member): void {
    if (this.members.includes(member)) return;
    this.members.push(member);
    this.generation += 1;
  }

  /** Removes a member that left, or one that was silent for the session timeout and may not know it. */
  remove(member: Member): void {
    if (!this.members.includes(member)) return;
    this.members = this.members.filter((other) => other !== member);
    this.generation += 1;
  }

  has(member: Member): boolean {
    return this.members.includes(member);
  }

  /** The member's partitions. They rotate with each generation, so that partitions move. */
  assignmentOf(member: Member): number[] {
    const place = this.members.indexOf(member);
    const all = Array.from({ length: this.partitions }, (_, partition) => partition);
    return all.filter((partition) => (partition + this.generation) % this.members.length === place);
  }
}
