/** Does `work` for `limit` items at a time and returns the results in the items' order. Starts none after a failure. */
export async function bounded<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  async function worker(): Promise<void> {
    try {
      for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index] as T);
    } catch (error) {
      next = items.length;
      throw error;
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
