import { cleanEnv, type CleanedEnv, type ValidatorSpec } from 'envalid';

/**
 * The settings are wrong: the program must not start.
 * `faults` names each setting and what to do; it holds no value of a secret.
 */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  constructor(readonly faults: readonly string[]) {
    super(
      `${faults.length} setting${faults.length === 1 ? ' is' : 's are'} wrong:\n${faults.map((f) => `  - ${f}`).join('\n')}`,
    );
  }
}

export type Env = Readonly<Record<string, string | undefined>>;

/**
 * Reads settings from the environment, with all faults collected, those of single settings and those between them.
 * An empty string counts as unset, as a compose file passes it for a variable that the user left out.
 *
 * @param crossCheck faults between settings; called also when single ones are wrong, then with what could be read.
 * @throws SettingsError with every fault; print its message and exit non-zero.
 */
export function readSettings<S extends Record<string, ValidatorSpec<unknown>>>(
  env: Env,
  specs: S,
  crossCheck: (settings: Partial<CleanedEnv<S>>) => readonly string[],
): CleanedEnv<S> {
  const faults: string[] = [];
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const settings = cleanEnv(present, specs, {
    reporter: ({ errors }) => {
      for (const [name, error] of Object.entries(errors)) {
        faults.push(
          name in present ? `${name}: ${(error as Error).message}` : `${name} is required: ${describe(specs[name])}`,
        );
      }
    },
  });
  // envalid's accessor throws on names that are at fault or that it does not know; a plain copy can be read, spread and compared.
  const plain = Object.fromEntries(
    Object.keys(specs).map((name) => [name, Object.hasOwn(settings, name) ? settings[name] : undefined]),
  ) as CleanedEnv<S>;
  faults.push(...crossCheck(plain));
  if (faults.length > 0) throw new SettingsError(faults);
  return plain;
}

function describe(spec: ValidatorSpec<unknown> | undefined): string {
  return (spec as { desc?: string } | undefined)?.desc ?? 'no default';
}
