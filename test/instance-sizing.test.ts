import { checkInstances, tasksPerInstance } from '../lib/instance-sizing';

const TASK = { cpu: 256, memoryMiB: 512 };
const SMALL = { instanceTypes: ['t4g.small'], reservedMiB: 128 };
const PROPERTY = 'capacity.ec2';

test.each([
  ['network interfaces', 2, { instanceTypes: ['t4g.medium'] }],
  [
    'network interfaces, without the trunk that burstable types lack',
    2,
    { instanceTypes: ['t4g.medium'], trunking: true },
  ],
  ['CPU with a trunk', 8, { instanceTypes: ['m7g.large'], trunking: true }],
  ['CPU', 1, { instanceTypes: ['m7g.large'], cpu: 2048 }],
  ['memory', 1, { instanceTypes: ['t4g.medium'], memoryMiB: 2048 }],
  ['the memory that the agent leaves', 1, { instanceTypes: ['t4g.medium'], reservedMiB: 3000 }],
  ['the smallest type', 1, { instanceTypes: ['m7g.large', 'm7g.medium'] }],
])('the number of tasks on an instance is limited by %s: %d', (_, expected, props) => {
  const { cpu, memoryMiB, ...instances } = { ...TASK, ...SMALL, ...props };
  expect(tasksPerInstance({ cpu, memoryMiB }, instances, PROPERTY)).toBe(expected);
});

test.each([
  ['CPU units', { cpu: 4096 }],
  ['MiB of memory', { memoryMiB: 2048 }],
])('fails for a task that is larger than an instance: %s', (resource, size) => {
  expect(() => tasksPerInstance({ ...TASK, ...size }, SMALL, PROPERTY)).toThrow(
    new RegExp(`^capacity.ec2.instanceTypes: "t4g.small" has too few ${resource} for a task of .* MiB. Give`),
  );
});

test.each([
  [[], 'capacity.ec2.instanceTypes: must name at least one type, got none. Give t4g.small'],
  [['t2.nano'], /^capacity.ec2.instanceTypes: "t2.nano" is not on file. Give one of t4g.small, .* t2.nano\)$/],
  [['constructor'], /is not on file/],
])('fails for the instance types %p', (instanceTypes, message) => {
  expect(() => tasksPerInstance(TASK, { ...SMALL, instanceTypes }, PROPERTY)).toThrow(message);
});

test('fails if the tasks of a deployment need more than maxInstances instances, and says how many they need', () => {
  const check = (maxInstances: number, services = [{ ...TASK, tasks: 8 }]) =>
    checkInstances(services, { ...SMALL, maxInstances }, 2, PROPERTY);
  expect(() => check(4)).not.toThrow();
  expect(() => check(3)).toThrow(
    'capacity.ec2.maxInstances: must be a whole number of at least 4, got 3. During a deployment 8 tasks run over 2 zones. ' +
      'Raise maxInstances, or give larger instanceTypes or trunking',
  );
  expect(() => check(4.5)).toThrow(/maxInstances: must be a whole number/);
  const twoServices = [
    { ...TASK, tasks: 8 },
    { cpu: 1024, memoryMiB: 1024, tasks: 2 },
  ];
  expect(() => check(5, twoServices)).toThrow('at least 6, got 5');
  expect(() => check(6, twoServices)).not.toThrow();
});
