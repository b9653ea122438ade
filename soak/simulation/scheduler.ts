import { nextTick } from 'node:process';
import type { Random } from '../../lab/random.js';

/** A process of the simulation: what it waits for goes with it when it crashes. */
export type Actor = { readonly name: string; isAlive: boolean; isPaused: boolean };

/** A wait of an actor: for the broker's answer, for a record, for a timer. */
type Wait = {
  readonly actor: Actor;
  readonly point: string;
  /** How likely it is chosen among others. */
  readonly weight: number;
  readonly isReady: () => boolean;
  readonly goOn: () => void;
  readonly fail: (error: Error) => void;
};

const always = (): boolean => true;
const TIMER = 'timer';
const TIMER_WEIGHT = 0.1;

/**
 * Runs one thing at a time: everything that a step sets free runs until all of it waits again, and then the next wait is chosen by the
 * seed. So the order of events at every await is the seed's, and a seed repeats its run to the last step.
 */
export class Scheduler {
  /** What was chosen, in order: the end of it tells how a violation came about. */
  readonly trace: string[] = [];
  private waits: Wait[] = [];
  private running: Actor | undefined;
  private nextTimer = 1;
  private readonly timers = new Map<number, Wait>();

  constructor(private readonly random: Random) {}

  /** The actor whose code is running: who calls the broker or sets a timer. */
  get actor(): Actor {
    if (this.running === undefined) throw new Error('nobody is running');
    return this.running;
  }

  /** Waits at a point until chosen; with `isReady`, not before it says so. Rejects with the fault that the schedule has for it. */
  async wait(point: string, isReady: () => boolean = always): Promise<void> {
    const { actor } = this;
    await new Promise<void>((resolve, reject) => {
      this.waits.push({ actor, point, weight: 1, isReady, goOn: resolve, fail: reject });
    });
  }

  /** Starts an actor's work and lets it run up to its first wait. */
  async start(actor: Actor, work: () => void): Promise<void> {
    this.running = actor;
    work();
    await this.settle();
  }

  /** Lets one wait go on; `false` when none can. */
  async step(): Promise<boolean> {
    const wait = this.choose(() => true);
    if (wait === undefined) return false;
    this.note(`${wait.actor.name}: ${wait.point}`);
    await this.resume(wait, wait.goOn);
    return true;
  }

  /** Fails one wait at the broker; `false` when nobody waits there. */
  async fail(error: (point: string) => Error | undefined): Promise<boolean> {
    const wait = this.choose(({ point }) => error(point) !== undefined);
    const fault = wait && error(wait.point);
    if (wait === undefined || fault === undefined) return false;
    this.note(`${wait.actor.name}: ${wait.point} FAILS`);
    await this.resume(wait, () => wait.fail(fault));
    return true;
  }

  /** Whether nobody can go on but by a timer. */
  isIdle(): boolean {
    return !this.waits.some((wait) => wait.point !== TIMER && !wait.actor.isPaused && wait.isReady());
  }

  /** What the actor waits for never comes: its code stops where it is. */
  crash(actor: Actor): void {
    this.note(`${actor.name} CRASHES`);
    actor.isAlive = false;
    this.waits = this.waits.filter((wait) => wait.actor !== actor);
  }

  note(line: string): void {
    this.trace.push(line);
  }

  /** Makes the timers of the running code waits of its actor: they fire when chosen. Returns what puts the real ones back. */
  takeTimers(): () => void {
    const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis;
    const set = (repeats: boolean) => (callback: () => void) => {
      const id = this.nextTimer++;
      const wait: Wait = {
        ...{ actor: this.actor, point: TIMER, weight: TIMER_WEIGHT, isReady: always },
        goOn: () => {
          if (repeats) this.waits.push(wait);
          else this.timers.delete(id);
          callback();
        },
        fail: () => undefined,
      };
      this.timers.set(id, wait);
      this.waits.push(wait);
      return id;
    };
    const clear = (id: number | undefined): void => {
      const wait = id === undefined ? undefined : this.timers.get(id);
      if (wait !== undefined) this.waits = this.waits.filter((other) => other !== wait);
    };
    Object.assign(globalThis, {
      ...{ setTimeout: set(false), setInterval: set(true), clearTimeout: clear, clearInterval: clear },
    });
    return () => Object.assign(globalThis, { setTimeout, setInterval, clearTimeout, clearInterval });
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

  /** Node empties the queue of promises before it comes to the next tick: then everything that could run has run. */
  private async settle(): Promise<void> {
    await new Promise<void>((resolve) => nextTick(resolve));
    this.running = undefined;
  }
}
