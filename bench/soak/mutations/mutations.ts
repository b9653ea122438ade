/** A bug to plant: in the source file each `find` stands exactly once, and is replaced. */
export type Mutation = {
  readonly name: string;
  readonly file: string;
  readonly edits: readonly { readonly find: string; readonly replace: string }[];
};

const TASK = 'processor/task/stream-task.ts';
const STORE = 'processor/task/session-store.ts';
const PUNCTUATOR = 'processor/task/punctuator.ts';
const FENCE = 'this.clock.sample((await log.fence()).appendedAt);';
const READ_OFFSET = 'this.position = await log.committedOffset();';
const COMMIT =
  'const receipt = await log.commit({ outputs, changelog, ...(nextOffset !== undefined && { nextOffset }) });';

function mutation(
  name: string,
  file: string,
  ...edits: readonly (readonly [find: string, replace: string])[]
): Mutation {
  return { name, file, edits: edits.map(([find, replace]) => ({ find, replace })) };
}

/** Bugs of the kinds that joins on Kafka have had. Each must be found, and the source without them must pass. */
export const MUTATIONS: readonly Mutation[] = [
  mutation('offset committed before the outputs', TASK, [
    COMMIT,
    `if (nextOffset !== undefined) await log.commit({ outputs: [], changelog: [], nextOffset });\n${COMMIT}`,
  ]),
  mutation('state committed before the outputs', TASK, [
    COMMIT,
    `if (changelog.length > 0) await log.commit({ outputs: [], changelog });\n${COMMIT}`,
  ]),
  mutation('outputs committed before the offset', TASK, [
    COMMIT,
    `if (outputs.length > 0) await log.commit({ outputs, changelog: [] });\nconst receipt = await log.commit({ outputs: [], changelog, nextOffset });`,
  ]),
  mutation('no fence when a task opens', TASK, [FENCE, '']),
  mutation('restored before the fence', TASK, [FENCE, ''], [READ_OFFSET, `${FENCE}\n${READ_OFFSET}`]),
  mutation(
    'committed offset read before the fence',
    TASK,
    [FENCE, `${READ_OFFSET}\n${FENCE}`],
    [`);\n    ${READ_OFFSET}`, ');'],
  ),
  mutation('failed transaction tried again', TASK, [
    COMMIT,
    'const again = () => log.commit({ outputs, changelog, ...(nextOffset !== undefined && { nextOffset }) });\n' +
      "const receipt = await again().catch((error) => (error.name === 'FencedError' ? Promise.reject(error) : again()));",
  ]),
  mutation('failed task kept', 'processor/task/stream-thread.ts', ['=== slot) this.fail(error);', '=== slot) return;']),
  mutation(
    'records below the position joined again',
    TASK,
    ['if (nextOffset <= position) return;', ''],
    ['records.filter((record) => record.offset >= position)', '[...records]'],
  ),
  mutation('outputs kept after the commit', TASK, [
    '    this.pending = new PendingTransaction();\n',
    '    this.pending = new PendingTransaction();\n    for (const output of outputs) this.pending.write(output);\n',
  ]),
  mutation('state written only with an output', TASK, [
    'if (state !== before) this.store.set(',
    'if (effects.length > 0) this.store.set(',
  ]),
  mutation('tombstone lost', STORE, [
    'changes.push({ sessionId, state: encoded });',
    'if (encoded !== null) changes.push({ sessionId, state: encoded });',
  ]),
  mutation('timer without its margin', PUNCTUATOR, [' - SETTLE_MARGIN_MS;', ';']),
  mutation('timer that does not look at the backlog', TASK, [
    'if ((this.position ?? 0) < end.endOffset) return false;',
    '',
  ]),
  mutation(
    'end of the partition asked before the clock',
    PUNCTUATOR,
    [
      'const due = await',
      'const early = await this.deps.offsets.bounds(this.deps.topic).catch(() => undefined);\nif (early === undefined) return;\nconst due = await',
    ],
    ['bounds = await this.deps.offsets.bounds(this.deps.topic);', 'bounds = early;'],
  ),
  mutation('timers not fired before a later record', TASK, [
    'while (this.fireTimersBefore(record.timestamp)) await this.commit(record.offset);',
    '',
  ]),
  mutation('timer fires on its very millisecond', STORE, ['dueAt >= time', 'dueAt > time']),
  mutation("link's life does not count", 'processor/join/timers.ts', [
    ', linkDiesAt);\n    default',
    ', 0);\n    default',
  ]),
  mutation('session forgotten as soon as it completed', 'processor/join/timers.ts', [
    "    case 'completed':\n      return since + rules.retentionMs",
    "      return since + rules.retentionMs;\n    case 'completed':\n      return since",
  ]),
  mutation('completed session not kept', 'processor/join/complete.ts', [
    "return { state: { phase: 'completed', completedAt: now }, effects };",
    'return { state: undefined, effects };',
  ]),
  mutation('given up again and again', 'processor/join/transition.ts', [
    "{ ...known, phase: 'given-up', givenUpAt: due }",
    "{ ...known, phase: 'open', firstEventAt: due }",
  ]),
  mutation('revision not counted up', 'processor/join/records.ts', ['latest.revision + 1', 'latest.revision']),
  mutation('same outcome amends again', 'processor/join/recording-outcome.ts', [
    '> rank(current.outcome)',
    '>= rank(current.outcome)',
  ]),
];

/** Bugs that take ten thousand schedules to show: too many for a test run. */
export const RARE_MUTATIONS: readonly Mutation[] = [
  mutation('calls of a task overlap', 'processor/task/turnstile.ts', ['this.last.then(work, work)', 'work()']),
  mutation('task kept on where the group says', 'processor/task/stream-thread.ts', [
    'if (isOurs && offset !== undefined)',
    'if (offset === -1)',
  ]),
];

/** Bugs below the simulated log: only a real broker shows them, and `npm run soak -- join --mutations` finds them there. */
export const BROKER_MUTATIONS: readonly Mutation[] = [
  mutation('a transactional id for each owner', 'processor/task/kafka-partition-log.ts', [
    '`${groupId}-${this.partition}`',
    '`${groupId}-${this.partition}-${this.owner}`',
  ]),
  mutation('restore that ends at the first owner', 'processor/task/kafka-partition-log.ts', [
    "value?.toString() === this.owner ? 'done' : 'more'",
    "'done'",
  ]),
];
