import { str } from 'envalid';
import { readSettings, type Env } from '../../infra/settings/read-settings.js';
import { integer } from '../../infra/settings/validators.js';

const specs = {
  /** Name under which the processor reaches this machine. Another one when it runs in a container. */
  DEMO_AUDIO_HOST: str({ default: '127.0.0.1' }),
  DEMO_SEED: integer({ min: 0, max: 2 ** 31 })({ default: 1 }),
  DEMO_TIMEOUT_MS: integer({ min: 1_000 })({ default: 120_000 }),
};

export function readDemoSettings(env: Env) {
  return readSettings(env, specs, () => []);
}
