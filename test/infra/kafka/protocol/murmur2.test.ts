import { describe, expect, it } from 'vitest';
import { murmur2, partitionOfKey } from '../../../../infra/kafka/protocol/murmur2.js';

describe('murmur2', () => {
  // Test vectors of UtilsTest.testMurmur2 in Apache Kafka.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('equals the hash of Java for %s', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash);
  });

  it('chooses the same partition as Java, also for keys beyond ASCII', () => {
    expect(partitionOfKey('21', 6)).toBe((-973932308 & 0x7fffffff) % 6);
    expect(partitionOfKey('é漢😀', 7)).toBe(partitionOfKey(Buffer.from('é漢😀'), 7));
  });
});
