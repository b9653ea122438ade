import type { StackEndpoints } from './endpoints.js';
import { LOCAL_TOKEN, type ProgramSettings } from './program-settings.js';

/** The vendor's documented example event. */
const EXAMPLE = {
  event: 'session.ended',
  sessionId: '2c4f9a13-8b6e-4d31-9a57-1f0f0c2b7e11',
  timestamp: '2026-05-03T08:42:11.512Z',
  currentNodeId: 'ask_intention',
  messagesCount: 8,
  extractedVariables: { name: 'Nancy', intention: 'book a demo' },
  reason: 'session_ended',
};

/** Text that `npm start` prints once everything is ready: addresses, and one line to try. */
export function welcome(programs: Omit<ProgramSettings, 'env'>, endpoints: StackEndpoints, logs: string): string {
  return [
    '',
    `  ingress          ${programs.ingressUrl}`,
    `  processor        ${programs.processorUrl}`,
    `  Kafka            ${endpoints.KAFKA_BROKERS}`,
    `  schema registry  ${endpoints.SCHEMA_REGISTRY_URL}`,
    `  object store     ${endpoints.S3_ENDPOINT}  bucket ${endpoints.S3_BUCKET}`,
    `  logs             ${logs}`,
    '',
    '  try:  ' + exampleCommand(programs),
    '  or, in another terminal:  npm run demo',
    '',
  ].join('\n');
}

/** A curl command that sends one documented event. Prints no token other than that of the local stack. */
export function exampleCommand({ ingressUrl, auth }: Omit<ProgramSettings, 'env'>): string {
  const token = auth?.token === LOCAL_TOKEN ? LOCAL_TOKEN : '<your token>';
  const proof = auth === undefined ? '' : ` -H '${auth.header}: Bearer ${token}'`;
  return `curl -i ${ingressUrl}/v1/webhooks/pathors${proof} -H 'content-type: application/json' -d '${JSON.stringify(EXAMPLE)}'`;
}
