/** The cluster's topics do not fit what the program needs; an operator must change them. Restarting does not help. */
export class TopicMismatchError extends Error {
  override readonly name = 'TopicMismatchError';
}
