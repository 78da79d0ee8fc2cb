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

/** Steps of the placement. Each continues from the one before, except the second. */
const PLACEMENT = ['nodes', 'zones', 'zone lost', 'zone back'];
/** Steps of the workload. Each needs running pods. */
const WORKLOAD = ['again', 'rollout', 'drain'];

/** Tries the unchanged template and each mutant on one control plane. Each runs the steps of its rows in its own namespace. */
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

/** Runs the steps that `wanted` names, or all steps if it is empty. @returns their rows */
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
      // With so few nodes, a node has more pods than may go at once, and one more node may join.
      await nodes.removeUntil(mutant.nodeGroup.minSize);
      await nodes.joinUntil(mutant.nodeGroup.minSize + 1);
      const proof = new Proof(plane, moved, nodes, chain, node, known.loads);
      const all = [...proof.steps(), { step: 'grow', proves: 'pods for the next steps', work: () => proof.grow() }];
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

/** Runs steps by name until one fails or the last wanted one has run. */
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

/** Moves a mutant to its own namespace and its own node port, because only one Service can use a port. */
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

/** The verdict on a mutant: passes if each wanted row failed. Without wanted rows it passes if no row failed. */
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

/** Longest reason that fits into the table, in characters. */
const WIDTH = 90;
