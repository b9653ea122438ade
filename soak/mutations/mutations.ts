/** A bug to plant: in the source file each `find` stands exactly once, and is replaced. */
export type Mutation = {
  readonly name: string;
  readonly file: string;
  readonly edits: readonly { readonly find: string; readonly replace: string }[];
};

const TASK = 'processor/join/task/stream-task.ts';
const STORE = 'processor/join/state/session-store.ts';
const PUNCTUATOR = 'processor/join/task/punctuator.ts';
const FENCE = 'this.clock.sample((await log.fence()).appendedAt);';
const READ_OFFSET = 'this.position = await log.committedOffset();';
const COMMIT = 'const receipt = await log.commit({ changelog, ...(hasRead && { nextOffset: position }) });';
const APPEND = 'this.deps.log.append(output);';
/** Appended, and remembered for a second time. */
const APPEND_AND_KEEP = `${APPEND}\n(this.kept ??= []).push({ ...output, value: Buffer.from(output.value) });`;
const HAS_READ = 'const hasRead = position !== undefined && position !== this.committed;';

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
    'const fresh = ',
    'await this.deps.log.commit({ changelog: [], nextOffset });\nconst fresh = ',
  ]),
  mutation(
    'state committed before the outputs',
    TASK,
    [APPEND, '(this.held ??= []).push({ ...output, value: Buffer.from(output.value) });'],
    [
      COMMIT,
      'if (changelog.length > 0) await log.commit({ changelog });\n' +
        `for (const output of this.held?.splice(0) ?? []) log.append(output);\n${COMMIT}`,
    ],
  ),
  mutation('outputs committed before the offset', TASK, [
    COMMIT,
    `if ([...written].length > 0) await log.commit({ changelog: [] });\n${COMMIT}`,
  ]),
  mutation('no fence when a task opens', TASK, [FENCE, '']),
  mutation('restored before the fence', TASK, [FENCE, ''], [READ_OFFSET, `${FENCE}\n${READ_OFFSET}`]),
  mutation(
    'failed transaction tried again',
    TASK,
    [APPEND, APPEND_AND_KEEP],
    [
      COMMIT,
      'const kept = this.kept?.splice(0) ?? [];\n' +
        'const again = () => log.commit({ changelog, ...(hasRead && { nextOffset: position }) });\n' +
        'const receipt = await again().catch((error) => {\n' +
        "if (error.name === 'FencedError') throw error;\n" +
        'for (const output of kept) log.append(output);\nreturn again();\n});',
    ],
  ),
  mutation('failed task kept', 'processor/join/task/stream-member.ts', [
    '=== slot) this.fail(error);',
    '=== slot) return;',
  ]),
  mutation(
    'records below the position joined again',
    TASK,
    ['if (nextOffset <= position) return;', ''],
    ['records.filter((record) => record.offset >= position)', '[...records]'],
  ),
  mutation(
    'outputs kept after the commit',
    TASK,
    [APPEND, APPEND_AND_KEEP],
    [COMMIT, `${COMMIT}\nfor (const output of this.kept?.splice(0) ?? []) log.append(output);`],
  ),
  mutation(
    'deferred records committed without their offset',
    TASK,
    [
      'this.deferredAt = undefined;',
      'const wasDeferred = this.deferredAt !== undefined;\nthis.deferredAt = undefined;',
    ],
    [HAS_READ, HAS_READ.replace(';', ' && !wasDeferred;')],
  ),
  mutation(
    "owner's own commit leaves the offset out",
    TASK,
    ['async commit(): Promise<void> {', 'async commit(isOwnersOwn = true): Promise<void> {'],
    ['this.position = offset;\n    await this.commit();', 'this.position = offset;\nawait this.commit(false);'],
    ['else await this.commit();', 'else await this.commit(false);'],
    ['if (this.pending.hasTimers) await this.commit();', 'if (this.pending.hasTimers) await this.commit(false);'],
    [HAS_READ, HAS_READ.replace(';', ' && !isOwnersOwn;')],
    ['this.committed = position;', 'if (hasRead) this.committed = position;'],
  ),
  mutation(
    'deferred records never committed',
    TASK,
    ['if (isBehind && hasRoom)', 'if (hasRoom)'],
    [
      'return this.deferredAt === undefined ? undefined : this.deps.monotonicMs() - this.deferredAt;',
      'return undefined;',
    ],
  ),
  mutation('states of deferred records not in the commit', TASK, [
    'this.position = nextOffset;',
    'this.position = nextOffset;\nif (isBehind && !this.pending.isFull) this.store.drainChanges();',
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
    'while (this.fireTimersBefore(record.timestamp)) await this.commitUpTo(record.offset);',
    '',
  ]),
  mutation('timer fires on its very millisecond', STORE, ['dueAt >= time', 'dueAt > time']),
  mutation("link's life does not count", 'processor/join/rules/timers.ts', [
    ', linkDiesAt);\n    default',
    ', 0);\n    default',
  ]),
  mutation('session forgotten as soon as it completed', 'processor/join/rules/timers.ts', [
    "    case 'completed':\n      return since + rules.retentionMs",
    "      return since + rules.retentionMs;\n    case 'completed':\n      return since",
  ]),
  mutation('completed session not kept', 'processor/join/rules/complete.ts', [
    'return { state: completedState(now), effects };',
    'return { state: undefined, effects };',
  ]),
  mutation('given up again and again', 'processor/join/rules/transition.ts', [
    'state: givenUpState(due, state)',
    'state: { ...state, firstEventAt: due }',
  ]),
  mutation('revision not counted up', 'processor/join/rules/records.ts', ['latest.revision + 1', 'latest.revision']),
  mutation('same outcome amends again', 'processor/join/rules/recording-outcome.ts', [
    '> rank(current.outcome)',
    '>= rank(current.outcome)',
  ]),
  mutation('calls of a task overlap', 'infra/async/mutex.ts', ['this.last.then(work, work)', 'work()']),
];

/** Bugs that take up to ten thousand schedules to show: too many for a test run. */
export const RARE_MUTATIONS: readonly Mutation[] = [
  // An owner that starts too early does not commit before it has caught up: only what it may not do twice shows then.
  mutation(
    'committed offset read before the fence',
    TASK,
    [FENCE, `${READ_OFFSET}\n${FENCE}`],
    [`);\n    ${READ_OFFSET}`, ');'],
  ),
  mutation('task kept on where the group says', 'processor/join/task/stream-member.ts', [
    'if (isOurs && offset !== undefined)',
    'if (offset === -1)',
  ]),
];

/** Bugs below the simulated log: only a real broker shows them, and `npm run soak -- join --mutations` finds them there. */
export const BROKER_MUTATIONS: readonly Mutation[] = [
  mutation('a transactional id for each owner', 'processor/join/log/kafka-partition-log.ts', [
    '`${groupId}-${this.partition}`',
    '`${groupId}-${this.partition}-${this.owner}`',
  ]),
  mutation('restore that ends at the first owner', 'processor/join/log/kafka-partition-log.ts', [
    "value?.toString() === this.owner ? 'done' : 'more'",
    "'done'",
  ]),
];
