/** A change inside one function of a source file. `replace` may contain `$&`, which stands for the replaced text. */
export type Edit = Place & { readonly replace: string };

type Place = {
  /** Name of the function, with its class: `StreamTask.commit`. */
  readonly in: string;
} & (
  | {
      /** The place is the innermost statement of the function that contains this text. */
      readonly statement: string;
    }
  | {
      /** The place is this text inside the function. */
      readonly token: string;
    }
);

/** A bug to plant in one source file. Each of its edits must apply at exactly one place. */
export type Mutation = { readonly name: string; readonly file: string; readonly edits: readonly Edit[] };
