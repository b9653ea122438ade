import type { Edit, Mutation } from './mutation.js';

const TASK = 'processor/join/task/stream-task.ts';
const JOINER = 'processor/join/task/record-joiner.ts';
const MEMBER = 'processor/join/task/stream-member.ts';
const PUNCTUATOR = 'processor/join/task/punctuator.ts';
const STORE = 'processor/join/state/session-store.ts';
const TIMERS = 'processor/join/rules/timers.ts';
const LOG = 'processor/join/log/kafka-partition-log.ts';

const OPEN = 'StreamTask.open';
const PROCESS = 'StreamTask.process';
const COMMIT = 'StreamTask.commit';
const FENCE = { in: OPEN, statement: 'log.fence()' };
const READ_OFFSET = { in: OPEN, statement: 'log.committedOffset()' };
const FENCE_STATEMENT = 'this.brokerClock.sample((await log.fence()).appendedAt);';
const LOG_COMMIT = { in: COMMIT, statement: 'log.commit(' };
const HAS_READ = { in: COMMIT, statement: 'const hasRead' };

/** Makes the log keep a copy of each appended output in `log.kept`. */
const KEEP_OUTPUTS: Edit = {
  in: OPEN,
  statement: 'const { log }',
  replace: `$&
    log.kept = [];
    const append = log.append.bind(log);
    log.append = (output) => { append(output); log.kept.push({ ...output, value: Buffer.from(output.value) }); };`,
};
/** Makes the log hold outputs back in `log.held`; `log.release()` appends them. */
const HOLD_OUTPUTS: Edit = {
  in: OPEN,
  statement: 'const { log }',
  replace: `$&
    log.held = [];
    const append = log.append.bind(log);
    log.append = (output) => void log.held.push({ ...output, value: Buffer.from(output.value) });
    log.release = () => { for (const output of log.held.splice(0)) append(output); };`,
};

function mutation(name: string, file: string, ...edits: readonly Edit[]): Mutation {
  return { name, file, edits };
}

/** Bugs of kinds that joins on Kafka have had. The simulation must find each of them, and nothing in the source without them. */
export const MUTATIONS: readonly Mutation[] = [
  mutation('offset committed before the outputs', TASK, {
    in: PROCESS,
    statement: 'const fresh',
    replace: 'await this.deps.log.commit({ changelog: [], nextOffset });\n$&',
  }),
  mutation('state committed before the outputs', TASK, HOLD_OUTPUTS, {
    ...LOG_COMMIT,
    replace: 'if (changelog.length > 0) await log.commit({ changelog });\nlog.release();\n$&',
  }),
  mutation('outputs committed before the offset', TASK, {
    ...LOG_COMMIT,
    replace: 'if ([...written].length > 0) await log.commit({ changelog: [] });\n$&',
  }),
  mutation('no fence when a task opens', TASK, { ...FENCE, replace: '' }),
  mutation(
    'restored before the fence',
    TASK,
    { ...FENCE, replace: '' },
    { ...READ_OFFSET, replace: `${FENCE_STATEMENT}\n$&` },
  ),
  mutation('failed transaction retried', TASK, KEEP_OUTPUTS, {
    ...LOG_COMMIT,
    replace: `
      const kept = log.kept.splice(0);
      const again = () => log.commit({ changelog, ...(hasRead && { nextOffset: position }) });
      const { appendedAt } = await again().catch((error) => {
        if (error.name === 'FencedError') throw error;
        for (const output of kept) log.append(output);
        log.kept.length = 0;
        return again();
      });`,
  }),
  mutation('failed task kept', MEMBER, { in: 'StreamMember.taskFailed', token: 'this.fail(error)', replace: 'return' }),
  mutation(
    'records below the position joined again',
    TASK,
    { in: PROCESS, statement: 'nextOffset <= position', replace: '' },
    { in: PROCESS, statement: 'const fresh', replace: 'const fresh = [...records];' },
  ),
  mutation('outputs kept after the commit', TASK, KEEP_OUTPUTS, {
    ...LOG_COMMIT,
    replace: '$&\nfor (const output of log.kept.splice(0)) log.append(output);\nlog.kept.length = 0;',
  }),
  mutation(
    'deferred records committed without their offset',
    TASK,
    { in: COMMIT, statement: 'this.deferredAt = undefined', replace: '' },
    {
      ...HAS_READ,
      replace: '$&\nconst wasDeferred = this.deferredAt !== undefined;\nthis.deferredAt = undefined;',
    },
    { in: COMMIT, token: '...(hasRead &&', replace: '...(hasRead && !wasDeferred &&' },
  ),
  mutation(
    "owner's own commit leaves the offset out",
    TASK,
    { in: COMMIT, token: 'commit()', replace: 'commit(isOwnersOwn = true)' },
    { in: 'StreamTask.commitUpTo', token: 'commit()', replace: 'commit(false)' },
    { in: PROCESS, token: 'this.commit()', replace: 'this.commit(false)' },
    { in: 'StreamTask.punctuate', token: 'this.commit()', replace: 'this.commit(false)' },
    { in: COMMIT, token: '...(hasRead &&', replace: '...(hasRead && !isOwnersOwn &&' },
    { in: COMMIT, statement: 'this.committedPosition =', replace: 'if (hasRead && !isOwnersOwn) $&' },
  ),
  mutation(
    'deferred records never committed',
    TASK,
    { in: PROCESS, token: 'if (isBehind && hasRoom)', replace: 'if (hasRoom)' },
    { in: 'StreamTask.deferredMs', statement: 'return', replace: 'return undefined;' },
  ),
  mutation('states of deferred records not in the commit', TASK, {
    in: PROCESS,
    statement: 'this.position = nextOffset',
    replace: '$&\nif (isBehind && !this.joiner.pending.isFull) this.sessions.drainChanges();',
  }),
  mutation('state written only with an output', JOINER, {
    in: 'RecordJoiner.apply',
    token: 'state !== before',
    replace: 'effects.length > 0',
  }),
  mutation('tombstone lost', STORE, {
    in: 'SessionStore.drainChanges',
    statement: 'changes.push(',
    replace: 'if (encoded !== null) $&',
  }),
  mutation('timer without its margin', PUNCTUATOR, {
    in: 'Punctuator.dueSlots',
    token: 'SETTLE_MARGIN_MS',
    replace: '0',
  }),
  mutation('timer that ignores the backlog', TASK, {
    in: 'StreamTask.punctuate',
    statement: 'end.endOffset',
    replace: '',
  }),
  mutation(
    'end of the partition read before the clock',
    PUNCTUATOR,
    {
      in: 'Punctuator.tick',
      statement: 'const due =',
      replace: `const early = await this.deps.offsets.bounds(this.deps.topic).catch(() => undefined);
        if (early === undefined) return;
        $&`,
    },
    { in: 'Punctuator.tick', statement: 'bounds = await', replace: 'bounds = early;' },
  ),
  mutation('timers not fired before a later record', TASK, {
    in: PROCESS,
    token: 'this.joiner.fireTimersBefore(record.timestamp)',
    replace: 'false',
  }),
  mutation('timer fires in its very millisecond', STORE, {
    in: 'SessionStore.dueBefore',
    token: 'dueAt >= time',
    replace: 'dueAt > time',
  }),
  mutation("link's lifetime does not count", TIMERS, { in: 'basisDueAt', token: ', linkDiesAt)', replace: ', 0)' }),
  mutation('session forgotten as soon as it completed', TIMERS, {
    in: 'basisDueAt',
    token: 'since + rules.retentionMs',
    replace: "phase === 'completed' ? since : $&",
  }),
  mutation('completed session not kept', 'processor/join/rules/complete.ts', {
    in: 'complete',
    token: 'state: completedState(now), effects',
    replace: 'state: undefined, effects',
  }),
  mutation('session given up repeatedly', 'processor/join/rules/transition.ts', {
    in: 'onTimer',
    token: 'givenUpState(due, state)',
    replace: '{ ...state, firstEventAt: due }',
  }),
  mutation('revision not counted up', 'processor/join/rules/records.ts', {
    in: 'amendedRecord',
    token: 'latest.revision + 1',
    replace: 'latest.revision',
  }),
  mutation('same outcome amends again', 'processor/join/rules/recording-outcome.ts', {
    in: 'supersedes',
    token: '> rank(',
    replace: '>= rank(',
  }),
  mutation('task that does not seek to its position', MEMBER, {
    in: 'StreamMember.seek',
    token: 'if (isAssigned && offset !== undefined)',
    replace: 'if (offset === -1)',
  }),
  mutation('calls of a task overlap', 'infra/async/mutex.ts', {
    in: 'Mutex.run',
    statement: 'const turn',
    replace: 'const turn = work();',
  }),
];

/** Bugs that take up to ten thousand schedules to show: too many for a test run. */
export const RARE_MUTATIONS: readonly Mutation[] = [
  // An owner that starts too early does not commit before it has caught up: only a repeated output shows the bug then.
  mutation(
    'committed offset read before the fence',
    TASK,
    { ...READ_OFFSET, replace: '' },
    { ...FENCE, replace: 'this.position = await log.committedOffset();\n$&' },
  ),
];

/** Bugs below the simulated log. Only a real broker shows them: `npm run soak -- join --mutations` finds them there. */
export const BROKER_MUTATIONS: readonly Mutation[] = [
  mutation('a transactional id for each owner', LOG, {
    in: 'KafkaPartitionLog.fence',
    token: '`${groupId}-${this.partition}`',
    replace: '`${groupId}-${this.partition}-${this.owner}`',
  }),
  mutation('restore that ends at the first owner', LOG, {
    in: 'KafkaPartitionLog.restore',
    token: "value?.toString() === this.owner ? 'done' : 'more'",
    replace: "'done'",
  }),
];

/** All bugs that can be planted. */
export const ALL_MUTATIONS: readonly Mutation[] = [...MUTATIONS, ...RARE_MUTATIONS, ...BROKER_MUTATIONS];
