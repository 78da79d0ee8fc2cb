import { Terminal } from '../kit/terminal';
import { ControlPlane } from './control-plane';
import { inNamespace, mapObjects } from './deployment';
import { Cluster } from './manifests';
import { MUTANTS } from './mutants';
import { Nodes } from './nodes';
import { Placement, removeNamespace } from './placement';
import { Proof } from './proof';
import { Lost, Recorder, Step } from './recorder';
import { expected, Known, offlineSteps } from './run';
import { Row } from './table';
import { Value } from './value';

/** Steps of the placement, each of which goes on from the one before; but the second needs none. */
const PLACEMENT = ['nodes', 'zones', 'zone lost', 'zone back'];
/** Steps of the workload, each of which needs pods that run. */
const WORKLOAD = ['again', 'rollout', 'drain'];

/** The template as it is, and each mutant, on one control plane: the steps that its rows are of, in a namespace of its own. */
export async function proveMutants(
  plane: ControlPlane,
  cluster: Cluster,
  known: Known,
  say: Terminal,
): Promise<readonly Row[]> {
  const nodes = new Nodes(plane, cluster.nodeGroup);
  await nodes.start();
  const rows: Row[] = [];
  const original = { name: 'none', change: (unchanged: Cluster) => unchanged };
  for (const [index, mutant] of [original, ...MUTANTS].entries()) {
    const wanted = 'rows' in mutant ? mutant.rows : [];
    const from = performance.now();
    say.status(`${index} of ${MUTANTS.length}: ${mutant.name}`);
    const seen = await seenOf(index, mutant.change(cluster), wanted, { plane, nodes, known });
    const row = verdict(mutant.name, wanted, seen, performance.now() - from);
    rows.push(row);
    say.line(
      `  ${mutant.name.padEnd(40)}${row.verdict.padEnd(8)}${((row.milliseconds ?? 0) / 1_000).toFixed(1).padStart(6)} s`,
    );
    if (seen.some(({ detail }) => detail?.startsWith(Lost.REASON))) break;
  }
  return rows;
}

interface Place {
  readonly plane: ControlPlane;
  readonly nodes: Nodes;
  readonly known: Known;
}

/** Rows of the steps that `wanted` names; of all that mutants are tried by, if it names none. */
async function seenOf(
  index: number,
  mutant: Cluster,
  wanted: readonly string[],
  place: Place,
): Promise<readonly Row[]> {
  const { plane, nodes, known } = place;
  const recorder = new Recorder({ step: () => undefined, status: () => undefined, line: () => undefined }, plane.ended);
  const takes = (steps: readonly string[]) => wanted.length === 0 || steps.some((step) => wanted.includes(step));
  try {
    for (const step of offlineSteps(mutant, known)) await recorder.step(step);
    const { chain, node } = expected(mutant, known.reference);
    if (takes(PLACEMENT)) {
      const placement = new Placement(plane, mutant, nodes, chain, node, known.loads, `placement-${index}`);
      await placement.begin();
      const steps = wanted.length > 0 && !wanted.includes('nodes') ? PLACEMENT.slice(1) : PLACEMENT;
      await runUntil(recorder, placement.steps(), steps, wanted);
      await placement.end();
    }
    if (takes(['create', ...WORKLOAD])) {
      const moved = elsewhere(mutant, index);
      // So few that a node has more pods than may go at once, and one more may join.
      await nodes.removeUntil(mutant.nodeGroup.minSize);
      await nodes.joinUntil(mutant.nodeGroup.minSize + 1);
      const proof = new Proof(plane, moved, nodes, chain, node, known.loads);
      const all = [...proof.steps(), { step: 'grow', proves: 'pods to try it with', work: () => proof.grow() }];
      const later = WORKLOAD.filter((step) => wanted.length === 0 || wanted.includes(step));
      await runUntil(recorder, all, ['create', ...(later.length > 0 ? ['start', 'grow', ...later] : [])], wanted);
      proof.service.end();
      await removeNamespace(plane, proof.service.namespace);
    }
  } catch (error) {
    if (!(error instanceof Lost)) {
      const detail = error instanceof Error ? error.message : String(error);
      recorder.rows.push({ name: 'the rest', proves: '', result: '', verdict: 'FAIL', detail });
    }
  }
  return recorder.rows;
}

/** Steps by their names, until one fails, or the last one that is wanted has been tried. */
async function runUntil(
  recorder: Recorder,
  steps: readonly Step[],
  names: readonly string[],
  wanted: readonly string[],
): Promise<void> {
  const last = names.findLastIndex((name) => wanted.includes(name));
  for (const name of last < 0 ? names : names.slice(0, last + 1)) {
    const step = steps.find((candidate) => candidate.step === name);
    if (step === undefined) throw new Error(`There is no step "${name}".`);
    await recorder.step(step);
    if (recorder.rows.at(-1)?.verdict === 'FAIL') return;
  }
}

/** In a namespace of its own, and at a node port of its own, as there may be one Service at each. */
function elsewhere(cluster: Cluster, index: number): Cluster {
  const moved = inNamespace(cluster, `mutant-${index}`);
  return mapObjects(moved, (object) => {
    if (object.kind !== 'Service') return object;
    const spec = new Value(object, object.kind).at('spec');
    const ports = spec
      .at('ports')
      .list()
      .map((port) => ({ ...port.fields(), nodePort: port.at('nodePort').number() + index }));
    return { ...object, spec: { ...spec.fields(), ports } };
  });
}

/** Whether each row that has to fail has failed; of the template as it is, whether none has. */
export function verdict(name: string, wanted: readonly string[], seen: readonly Row[], milliseconds: number): Row {
  const red = seen.filter((row) => row.verdict === 'FAIL');
  const missed = wanted.filter((step) => !red.some((row) => row.name === step));
  const found = red.filter((row) => wanted.includes(row.name));
  const steps = wanted.length === 0 ? 'no row fails' : `fails ${wanted.map((step) => `"${step}"`).join(', ')}`;
  const row = { name, proves: steps, milliseconds };
  if (wanted.length === 0 ? red.length === 0 : missed.length === 0) {
    const result = wanted.length === 0 ? `${seen.length} rows passed` : (found.at(-1)?.detail ?? '');
    return { ...row, result: result.length > WIDTH ? `${result.slice(0, WIDTH - 1)}…` : result, verdict: 'pass' };
  }
  const others = red.map((row) => `${row.name}: ${row.detail}`).join(' ');
  return {
    ...row,
    result: '',
    verdict: 'FAIL',
    detail: `${missed.length > 0 ? `"${missed.join('", "')}" did not fail. ` : ''}${others}`.trim(),
  };
}

/** Characters of a reason that the table has room for. */
const WIDTH = 90;
