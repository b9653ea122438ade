import { describe, expect, test } from 'vitest';
import { givenEndpoints, localEndpoints } from '../../../dev/local-stack/endpoints.js';
import { portPlan } from '../../../dev/local-stack/tcp-ports.js';

const GIVEN = {
  KAFKA_BROKERS: 'kafka.example:9092',
  SCHEMA_REGISTRY_URL: 'https://registry.example',
  S3_ENDPOINT: 'https://s3.example',
};

test('local endpoints are addresses of this machine, with the object store settings of the environment', () => {
  expect(localEndpoints(portPlan({}, 21000), { S3_BUCKET: 'audio' })).toEqual({
    KAFKA_BROKERS: '127.0.0.1:21000',
    SCHEMA_REGISTRY_URL: 'http://127.0.0.1:21002/apis/ccompat/v7',
    S3_ENDPOINT: 'http://127.0.0.1:21003',
    S3_REGION: 'us-east-1',
    S3_ACCESS_KEY: 'minioadmin',
    S3_SECRET_KEY: 'minioadmin',
    S3_BUCKET: 'audio',
    TOPIC_REPLICATION_FACTOR: '1',
  });
});

describe('given endpoints', () => {
  test('none', () => expect(givenEndpoints({ KAFKA_BROKERS: '', S3_BUCKET: 'audio' })).toBeUndefined());

  test('all three: keys and replication factor have no default for an object store elsewhere', () => {
    const endpoints = givenEndpoints(GIVEN);
    expect(endpoints).toMatchObject({ ...GIVEN, S3_ACCESS_KEY: '', S3_SECRET_KEY: '' });
    expect(givenEndpoints({ ...GIVEN, S3_ENDPOINT: 'http://127.0.0.1:9000' })).toMatchObject({
      S3_ACCESS_KEY: 'minioadmin',
    });
    expect(endpoints).not.toHaveProperty('TOPIC_REPLICATION_FACTOR');
    expect(givenEndpoints({ ...GIVEN, TOPIC_REPLICATION_FACTOR: '3' })).toHaveProperty('TOPIC_REPLICATION_FACTOR', '3');
  });

  test('only some: an error that names the missing ones', () => {
    expect(() => givenEndpoints({ ...GIVEN, S3_ENDPOINT: '' })).toThrow(
      'KAFKA_BROKERS and SCHEMA_REGISTRY_URL set, but not S3_ENDPOINT: set all three',
    );
  });
});
