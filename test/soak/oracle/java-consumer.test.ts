import { expect, it } from 'vitest';
import { parseLine } from '../../../soak/oracle/java-consumer.js';

it('parses a record line of the console consumer', () => {
  const headers = 'ce_specversion:1.0,ce_id:s-1:complete:1,ce_time:2026-05-03T08:42:11.512Z';
  const line = `CreateTime:1777797731512\tPartition:3\tOffset:17\t${headers}\ts-\\xC3\\xA9\t\\x00\\x00\\x00\\x00\\x0A{"a":"\\x5Cn"}`;
  const record = parseLine(line);
  expect(record).toMatchObject({ partition: 3, offset: 17, timestamp: 1777797731512, key: 's-é' });
  expect(record?.headers['ce_id']).toBe('s-1:complete:1');
  expect(record?.value).toEqual(Buffer.concat([Buffer.from([0, 0, 0, 0, 10]), Buffer.from('{"a":"\\n"}')]));
});

it('ignores other lines', () => {
  expect(
    parseLine('[2026-05-03 08:42:11,512] ERROR Error processing message, terminating consumer process:'),
  ).toBeUndefined();
});
