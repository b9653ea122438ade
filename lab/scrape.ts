/** Reads a metric without labels from a program on this machine; `undefined` if it does not answer or has no such metric. */
export async function scrape(port: number, metric: string): Promise<number | undefined> {
  try {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const line = text.split('\n').find((one) => one.startsWith(`${metric} `));
    return line === undefined ? undefined : Number(line.slice(metric.length + 1));
  } catch {
    return undefined;
  }
}
