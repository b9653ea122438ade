import { cleanEnv, type CleanedEnv, type ValidatorSpec } from 'envalid';
import { withSecretFiles } from './secrets.js';

/**
 * The settings are wrong: the program must not start.
 * Each of `faults` names the setting and what to do, and contains no secret.
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
 * Reads settings from the environment and collects every fault of single settings and between settings.
 * An empty string counts as unset, because compose files pass one for a variable that the user has not set. A setting that is marked as
 * `secret` may come from the file that `<NAME>_FILE` names.
 *
 * @param crossCheck returns faults between settings. Wrong settings are undefined in its argument.
 * @throws SettingsError with every fault; print its message and exit non-zero.
 */
export function readSettings<S extends Record<string, ValidatorSpec<unknown>>>(
  env: Env,
  specs: S,
  crossCheck: (settings: Partial<CleanedEnv<S>>) => readonly string[],
): CleanedEnv<S> {
  const { env: complete, faults } = withSecretFiles(env, specs);
  const present = Object.fromEntries(
    Object.entries(complete).filter(([, value]) => value !== undefined && value !== ''),
  );
  const settings = cleanEnv(present, specs, {
    reporter: ({ errors }) => {
      for (const [name, error] of Object.entries(errors)) {
        faults.push(
          name in present ? `${name}: ${(error as Error).message}` : `${name} is required: ${describe(specs[name])}`,
        );
      }
    },
  });
  // The object of envalid throws for wrong and unknown names; a plain copy can be read, spread and compared.
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
