import { SchemaRegistryClient, type SubjectIds } from '../../infra/schema-registry/client.js';
import { subjects, topicNames } from '../../schemas/topics.js';
import type { BenchSite } from './bench-site.js';

/** The ids of a prefix's schemas; registers them as the programs do. */
export async function registerSubjects({ settings, logger }: BenchSite, prefix: string): Promise<SubjectIds> {
  return new SchemaRegistryClient(settings, logger).registerSubjects(subjects(topicNames(prefix)));
}
