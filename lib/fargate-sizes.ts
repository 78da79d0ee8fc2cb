/**
 * Memory sizes of Fargate tasks in MiB by CPU units: smallest, largest, and the step between sizes.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
 */
const MEMORY: Readonly<Record<number, { readonly from: number; readonly to: number; readonly step: number }>> = {
  256: { from: 512, to: 2_048, step: 512 },
  512: { from: 1_024, to: 4_096, step: 1_024 },
  1024: { from: 2_048, to: 8_192, step: 1_024 },
  2048: { from: 4_096, to: 16_384, step: 1_024 },
  4096: { from: 8_192, to: 30_720, step: 1_024 },
  8192: { from: 16_384, to: 61_440, step: 4_096 },
  16384: { from: 32_768, to: 122_880, step: 8_192 },
};

/**
 * Checks the size of a task. Tasks on instances have the same sizes, because one task definition serves both kinds of
 * capacity.
 *
 * @param property property of the environment that holds the size, for the error
 * @throws if Fargate has no tasks of this size; the error lists the valid sizes
 */
export function checkFargateSize(
  { cpu, memoryMiB }: { readonly cpu: number; readonly memoryMiB: number },
  property: string,
): void {
  const memory = Object.hasOwn(MEMORY, cpu) ? MEMORY[cpu] : undefined;
  if (memory === undefined) {
    throw new Error(
      `${property}.cpu: Fargate has no tasks of ${cpu} CPU units. Give one of ${Object.keys(MEMORY).join(', ')}`,
    );
  }
  const values: number[] = [];
  for (let value = memory.from; value <= memory.to; value += memory.step) {
    // Only the smallest CPU size has a gap: 512, 1024 and 2048.
    if (!(cpu === 256 && value === 1_536)) values.push(value);
  }
  if (!values.includes(memoryMiB)) {
    throw new Error(
      `${property}.memoryMiB: Fargate has no tasks of ${cpu} CPU units with ${memoryMiB} MiB. Give one of ${values.join(', ')}`,
    );
  }
}
