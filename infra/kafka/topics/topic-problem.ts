import type { TopicRole } from './topic-layout.js';

/** Something about the topics that an operator should know. The message says what to change. */
export type TopicProblem = {
  readonly role: TopicRole;
  readonly topic: string;
  /**
   * - `missing`: the topic does not exist and could not be created.
   * - `unfit`: it exists, but the join would be wrong on it.
   * - `unchecked`: it exists, but we may not see its settings.
   */
  readonly kind: 'missing' | 'unfit' | 'unchecked';
  readonly message: string;
};

/** Topics are missing or unfit for what a program does; it must wait until that is changed. */
export class TopicsUnfitError extends Error {
  override readonly name = 'TopicsUnfitError';
  constructor(readonly problems: readonly TopicProblem[]) {
    super(problems.map(({ message }) => message).join('; '));
  }
}

/** Whether a broker refused a request for want of a permission. */
export function isAuthorizationFailure(error: unknown): boolean {
  return /AUTHORIZATION_FAILED$/.test((error as { readonly type?: string }).type ?? '');
}
