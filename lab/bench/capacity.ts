import { HOURS, PAGES, Price, prices } from './prices';

/** An instance type as an alternative to Fargate. */
interface Type {
  readonly name: 't4g.small' | 't4g.medium' | 'm7g.large';
  readonly vcpus: number;
  readonly gb: number;
  /** Number of tasks with their own network interfaces, without a trunk. */
  readonly tasks: number;
}

export const types: readonly Type[] = [
  { name: 't4g.small', vcpus: 2, gb: 2, tasks: 2 },
  { name: 't4g.medium', vcpus: 2, gb: 4, tasks: 2 },
  { name: 'm7g.large', vcpus: 2, gb: 8, tasks: 2 },
];

/** GB of the root volume of an instance. */
const VOLUME_GB = 30;

/** Memory of an instance for tasks in GB, calculated as in lib/instance-sizing.ts. */
const memoryForTasks = (gb: number) => gb * 0.9 - 0.125;

/** USD for an hour of one vCPU and its memory on Fargate. */
export function onFargate(gbPerVcpu: number): number {
  return prices.fargateVcpu.usd + gbPerVcpu * prices.fargateGb.usd;
}

/** USD for an hour of one vCPU that tasks reserve, if tasks reserve the share `utilization` (0 to 1) of the instance. */
export function onInstances({ name, vcpus }: Type, utilization: number): number {
  const hour = prices[name].usd + (VOLUME_GB * prices.gp3.usd) / HOURS;
  return hour / (vcpus * utilization);
}

/** Largest share (0 to 1) of the vCPUs that tasks can reserve with the memory of the instance. */
function memoryBound({ vcpus, gb }: Type, gbPerVcpu: number): number {
  return Math.min(1, memoryForTasks(gb) / gbPerVcpu / vcpus);
}

/** Smallest utilization (0 to 1) at which an instance is cheaper than Fargate; undefined if Fargate is always cheaper. */
export function breakEven(type: Type, gbPerVcpu: number): number | undefined {
  const utilization = onInstances(type, 1) / onFargate(gbPerVcpu);
  return utilization < memoryBound(type, gbPerVcpu) ? utilization : undefined;
}

/** Largest share (0 to 1) of an instance without a trunk that tasks of a size can reserve, with an interface for each task. */
export function reachable({ vcpus, gb, tasks }: Type, taskVcpus: number, gbPerVcpu: number): number {
  const byMemory = Math.floor(memoryForTasks(gb) / (taskVcpus * gbPerVcpu));
  return (Math.min(tasks, byMemory, Math.floor(vcpus / taskVcpus)) * taskVcpus) / vcpus;
}

interface Words {
  readonly utilization: string;
  readonly breakEven: (gbPerVcpu: number) => string;
  readonly never: string;
  readonly reachable: (vcpus: number) => string;
  readonly prices: readonly string[];
  readonly unit: (unit: string) => string;
  readonly regionAndDate: (region: string, date: string) => string;
  /** What the mark ¹ behind a date means. */
  readonly compared: string;
}

/** Texts of the tables by language. */
export const words: Readonly<Record<'en' | 'ja', Words>> = {
  en: {
    utilization: 'share reserved',
    breakEven: (gb) => `**cheaper than Fargate from**, at ${gb} GB per vCPU`,
    never: 'never',
    reachable: (vcpus) => `largest share that tasks of ${vcpus} vCPU can reserve`,
    prices: ['what', 'unit', 'USD', 'region, date', 'page'],
    unit: (unit) => unit,
    regionAndDate: (region, date) => `${region}, ${date}`,
    compared: 'Not read on the linked page, but [compared with other sources](costs.md#prices).',
  },
  ja: {
    utilization: '予約する割合',
    breakEven: (gb) => `**Fargate より安くなる割合**、vCPU あたり ${gb} GB`,
    never: 'なし',
    reachable: (vcpus) => `${vcpus} vCPU のタスクが予約できる最大の割合`,
    prices: ['項目', '単位', 'USD', 'リージョン、確認日', 'ページ'],
    unit: (unit) =>
      unit
        .replace(/-?hour$/, ' 時間')
        .replace('-month', ' 月')
        .trim(),
    regionAndDate: (region, date) => `${region}、${date}`,
    compared: 'リンク先のページではなく、[ほかの情報源と照合](costs.ja.md#価格)した価格です。',
  },
};

/** Table of docs/ecs-capacity.md: USD for a vCPU-hour of tasks with 2 GB for each vCPU. */
export function capacityTable(words: Words): string {
  const row = (first: string, cells: readonly string[]) => `| ${[first, ...cells].join(' | ')} |`;
  const percent = (share: number | undefined) => (share === undefined ? words.never : `${Math.ceil(share * 100)} %`);
  const steps = Array.from({ length: 10 }, (_, index) => (index + 1) / 10);
  return [
    row(words.utilization, ['Fargate', ...types.map(({ name }) => name)]),
    row('---:', ['---:', ...types.map(() => '---:')]),
    ...steps.map((utilization) =>
      row(`${Math.round(utilization * 100)} %`, [
        onFargate(2).toFixed(4),
        ...types.map((type) => (utilization > memoryBound(type, 2) ? '–' : onInstances(type, utilization).toFixed(4))),
      ]),
    ),
    ...[1, 2, 4].map((gb) => row(words.breakEven(gb), ['', ...types.map((type) => percent(breakEven(type, gb)))])),
    ...[0.25, 0.5, 1].map((vcpus) =>
      row(words.reachable(vcpus), ['', ...types.map((type) => percent(reachable(type, vcpus, 2)))]),
    ),
  ].join('\n');
}

/** Table of the prices behind the capacity table, and below the table the meaning of its mark. */
export function priceTable(words: Words): string {
  return [
    `| ${words.prices.join(' | ')} |`,
    '| --- | --- | ---: | --- | --- |',
    ...Object.entries<Price>(prices).map(([name, { usd, unit, region, read, compared = '', page }]) => {
      const date = words.regionAndDate(region, read ?? `${compared}\u00a0¹`);
      return `| ${name} | ${words.unit(unit)} | ${usd} | ${date} | [${page}](${PAGES[page]}) |`;
    }),
    '',
    `¹ ${words.compared}`,
  ].join('\n');
}
