import { nextTick } from 'node:process';
import type { Cancel, Clock } from '../../infra/async/clock.js';
import type { Random } from '../../lab/random.js';

/** A process of the simulation. When it crashes, its waits are dropped. */
export type Actor = { readonly name: string; isAlive: boolean; isPaused: boolean };

/** A wait of an actor: for an answer of the broker, for a record, for a timer. */
type Wait = {
  readonly actor: Actor;
  readonly point: string;
  /** Probability of being chosen, relative to other waits. */
  readonly weight: number;
  readonly isReady: () => boolean;
  readonly proceed: () => void;
  readonly fail: (error: Error) => void;
};

const always = (): boolean => true;
const TIMER = 'timer';
/** Weight of a timer. Timers are always ready, so with a higher weight they would crowd out the other waits. */
const TIMER_WEIGHT = 0.1;

/**
 * Runs one wait at a time: everything that it sets in motion runs until it waits again, then the seed chooses the next wait. The seed
 * therefore decides the order of events at every await, and repeats its run exactly.
 */
export class Scheduler implements Pick<Clock, 'after'> {
  /** Every choice, in order. Its end shows how a violation came about. */
  readonly trace: string[] = [];
  private waits: Wait[] = [];
  private running: Actor | undefined;

  constructor(private readonly random: Random) {}

  /** The actor whose code is running. */
  get actor(): Actor {
    if (this.running === undefined) throw new Error('no actor is running');
    return this.running;
  }

  /** Waits at a point until chosen, which can happen once `isReady`. Rejects when the schedule fails this wait. */
  async wait(point: string, isReady: () => boolean = always): Promise<void> {
    const { actor } = this;
    await new Promise<void>((resolve, reject) => {
      this.waits.push({ actor, point, weight: 1, isReady, proceed: resolve, fail: reject });
    });
  }

  /** Sets a timer for the running actor. It fires when chosen: time passes when the seed says so, whatever the delay. */
  after(_ms: number, callback: () => void): Cancel {
    const wait: Wait = {
      actor: this.actor,
      point: TIMER,
      weight: TIMER_WEIGHT,
      isReady: always,
      proceed: callback,
      fail: () => undefined,
    };
    this.waits.push(wait);
    return () => {
      this.waits = this.waits.filter((other) => other !== wait);
    };
  }

  /** Starts an actor's work and lets it run up to its first wait. */
  async start(actor: Actor, work: () => void): Promise<void> {
    this.running = actor;
    work();
    await this.settle();
  }

  /** Lets one wait proceed; `false` when none can. */
  async step(): Promise<boolean> {
    const wait = this.choose(always);
    if (wait === undefined) return false;
    this.note(`${wait.actor.name}: ${wait.point}`);
    await this.resume(wait, wait.proceed);
    return true;
  }

  /** Fails one wait for which `faultAt` has an error; `false` when there is none. */
  async fail(faultAt: (point: string) => Error | undefined): Promise<boolean> {
    const wait = this.choose(({ point }) => faultAt(point) !== undefined);
    const fault = wait && faultAt(wait.point);
    if (wait === undefined || fault === undefined) return false;
    this.note(`${wait.actor.name}: ${wait.point} FAILS`);
    await this.resume(wait, () => wait.fail(fault));
    return true;
  }

  /** Whether only timers can proceed. */
  isIdle(): boolean {
    return !this.waits.some((wait) => wait.point !== TIMER && !wait.actor.isPaused && wait.isReady());
  }

  /** Stops the actor's code where it is: its waits never resolve. */
  crash(actor: Actor): void {
    this.note(`${actor.name} CRASHES`);
    actor.isAlive = false;
    this.waits = this.waits.filter((wait) => wait.actor !== actor);
  }

  note(line: string): void {
    this.trace.push(line);
  }

  private choose(fits: (wait: Wait) => boolean): Wait | undefined {
    const ready = this.waits.filter((wait) => !wait.actor.isPaused && fits(wait) && wait.isReady());
    let left = this.random() * ready.reduce((sum, { weight }) => sum + weight, 0);
    return ready.find(({ weight }) => (left -= weight) < 0);
  }

  private async resume(wait: Wait, how: () => void): Promise<void> {
    this.waits.splice(this.waits.indexOf(wait), 1);
    this.running = wait.actor;
    how();
    await this.settle();
  }

  /** Waits for the next tick. Node runs all resolved promises before it, so everything that can run has run by then. */
  private async settle(): Promise<void> {
    await new Promise<void>((resolve) => nextTick(resolve));
    this.running = undefined;
  }
}
