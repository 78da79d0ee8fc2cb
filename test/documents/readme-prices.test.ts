import {
  classLines,
  clusterLines,
  configurations,
  EXAMPLE,
  idleLines,
  Region,
  requestLines,
  sumOf,
} from '../support/bill';
import { matches, READMES, read } from '../support/documents';

const without = idleLines(configurations.production());
const added = clusterLines(configurations.production(), configurations.productionWithCluster());
const cluster = clusterLines(configurations.sandbox(), configurations.sandboxWithCluster());

/** The sums that the sentences of a README give, for a region. */
const sumsOf = (region: Region) => ({
  cluster: sumOf(cluster, region),
  production: sumOf(without, region),
  productionWithCluster: sumOf([...without, ...added], region),
  rest: sumOf(requestLines('cached'), region),
  http: sumOf(requestLines('http'), region),
  shared: sumOf(classLines(1), region),
  own: sumOf(classLines(EXAMPLE.students), region),
});
const [virginia, tokyo] = [sumsOf('us-east-1'), sumsOf('ap-northeast-1')];

/** How the READMEs give each sum: what it is for, and the region, by its place. */
const PHRASES: Readonly<Record<string, readonly string[]>> = {
  'README.md': [
    `adds ${virginia.cluster} in total (${tokyo.cluster} in Tokyo)`,
    `**production** costs ${virginia.production} a month in us-east-1 (${tokyo.production} in Tokyo), ` +
      `or ${virginia.productionWithCluster} (${tokyo.productionWithCluster}) with its cluster`,
    `**Ten million requests a month** add ${virginia.rest} (${tokyo.rest}) with the REST API, ` +
      `if the cache answers half of them, or ${virginia.http} (${tokyo.http}) with the HTTP API`,
    `costs ${virginia.shared} (${tokyo.shared}, without WebSocket messages) if all share one sandbox, ` +
      `or ${virginia.own} (${tokyo.own}) if each student has one`,
  ],
  'README.ja.md': [
    `合計で ${tokyo.cluster}（us-east-1 では ${virginia.cluster}）増えます`,
    `**本番**のアイドル時の月額は東京で ${tokyo.production}（us-east-1 では ${virginia.production}）、` +
      `クラスターを含めると ${tokyo.productionWithCluster}（${virginia.productionWithCluster}）です`,
    `**月 1,000 万リクエスト**：REST API（半分はキャッシュから応答）では ${tokyo.rest}（${virginia.rest}）、` +
      `HTTP API では ${tokyo.http}（${virginia.http}）が加わります`,
    `サンドボックス 1 つを共有する場合は ${tokyo.shared}（${virginia.shared}）、` +
      `1 人に 1 つ用意する場合は ${tokyo.own}（${virginia.own}）です`,
  ],
};

test.each(READMES)('%s gives each sum for what it is and for its region', (file) => {
  const text = read(file)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/Virginia|バージニア/g, 'us-east-1');
  expect(PHRASES[file]?.filter((phrase) => !text.includes(phrase))).toEqual([]);
});

/** Headers of the columns of prices. */
const VIRGINIA = /^(us-east-1|Virginia|米国)/;
const TOKYO = /^(ap-northeast-1|Tokyo|東京)/;

test.each(READMES)('the columns of the table of parts in %s have the prices of the region in their header', (file) => {
  const [table = ''] = matches(read(file), /((?:^\|.*\n)+)/gm).filter((text) => text.includes('network.ts'));
  const [header = [], ...rows] = table.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  const row = rows.find((cells) => cells.some((cell) => cell.includes('network.ts'))) ?? [];
  const [nat, address] = idleLines(configurations.sandbox());
  const parts = nat && address ? [{ ...nat, amount: [...nat.amount, ...address.amount] }] : [];
  const columns = [VIRGINIA, TOKYO].map((name) => header.findIndex((cell) => name.test(cell)));
  expect(columns.map((column) => row[column])).toEqual([sumOf(parts, 'us-east-1'), sumOf(parts, 'ap-northeast-1')]);
  expect(columns.toSorted((one, other) => one - other)).toEqual(
    file.endsWith('.ja.md') ? columns.toReversed() : columns,
  );
});
