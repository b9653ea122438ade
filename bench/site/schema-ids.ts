import { SchemaRegistryClient, type SubjectIds } from '../../infra/schema-registry/client.js';
import { subjects, topicNames } from '../../schemas/topics.js';
import type { BenchSite } from './bench-site.js';

/** Registers the schemas of a prefix's topics, as the programs do. @returns their ids. */
export async function registerSubjects({ settings }: BenchSite, prefix: string): Promise<SubjectIds> {
  return new SchemaRegistryClient(settings).ensureSubjects(subjects(topicNames(prefix)));
}
