import { checkFargateSize } from '../lib/fargate-sizes';

test.each([
  [256, 512],
  [256, 2048],
  [4096, 30720],
  [16384, 122880],
])('Fargate has tasks of %p CPU units with %p MiB', (cpu, memoryMiB) => {
  expect(() => checkFargateSize({ cpu, memoryMiB }, 'service')).not.toThrow();
});

test('fails for CPU units that Fargate does not offer, and lists the CPU units that Fargate offers', () => {
  expect(() => checkFargateSize({ cpu: 300, memoryMiB: 512 }, 'service')).toThrow(
    'service.cpu: Fargate has no tasks of 300 CPU units. Give one of 256, 512, 1024, 2048, 4096, 8192, 16384',
  );
});

test.each([
  [256, 1536, '512, 1024, 2048'],
  [512, 512, '1024, 2048, 3072, 4096'],
  [16384, 131072, '32768, 40960, 49152, 57344, 65536, 73728, 81920, 90112, 98304, 106496, 114688, 122880'],
])('fails for %p CPU units with %p MiB, and lists the memory sizes for these CPU units', (cpu, memoryMiB, values) => {
  expect(() => checkFargateSize({ cpu, memoryMiB }, 'service')).toThrow(
    `service.memoryMiB: Fargate has no tasks of ${cpu} CPU units with ${memoryMiB} MiB. Give one of ${values}`,
  );
});
