import { schemas } from './generated/schemas.js';
import type { JsonSchema } from './bundle.js';
import { registeredForm } from './registered-form.js';

/** The topics by role. The key of every record is the session id. */
export type TopicNames = {
  readonly events: string;
  readonly deadLetter: string;
  readonly complete: string;
  readonly amended: string;
  readonly incomplete: string;
  readonly changelog: string;
};

export function topicNames(prefix: string): TopicNames {
  return {
    events: `${prefix}session.events`,
    deadLetter: `${prefix}session.events.dead-letter`,
    complete: `${prefix}session.complete`,
    amended: `${prefix}session.amended`,
    incomplete: `${prefix}session.incomplete`,
    changelog: `${prefix}session.join.changelog`,
  };
}

/** A schema, in its {@link registeredForm}, and its subject in the registry (TopicNameStrategy: `<topic>-value`). */
export type Subject = { readonly name: string; readonly schema: JsonSchema };

export type Subjects = {
  readonly events: Subject;
  readonly complete: Subject;
  readonly amended: Subject;
  readonly incomplete: Subject;
};

export function subjects(topics: TopicNames): Subjects {
  return {
    events: { name: `${topics.events}-value`, schema: registeredForm(schemas['session-event']) },
    complete: { name: `${topics.complete}-value`, schema: registeredForm(schemas['session-complete']) },
    amended: { name: `${topics.amended}-value`, schema: registeredForm(schemas['session-complete']) },
    incomplete: { name: `${topics.incomplete}-value`, schema: registeredForm(schemas['session-incomplete']) },
  };
}
