import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from '../../ops/kit/language';
import { isDiskFull, saysDiskFull } from '../kit/command-failure';
import { ProcessGroup } from '../kit/processes/process-group';
import { messages } from './messages';

/** The oldest Python that the emulator runs on. */
const OLDEST = [3, 10] as const;
const INTERPRETERS = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];

export interface PythonEnvironmentProps {
  /** Folder of the Python environment. */
  readonly directory: string;
  /** File with pinned packages and their hashes. */
  readonly requirements: string;
  readonly log: string;
  /** Called once, before an installation. */
  readonly onInstall: () => void;
  /** Search path for uv and python3. @default PATH of this process */
  readonly path?: string;
}

/**
 * Creates a Python environment with only the packages of `requirements`, unless there is one already. A file that is written
 * last has the digest of `requirements`, so an interrupted or outdated environment is created again.
 *
 * @returns the folder of its commands
 * @throws if the environment cannot be created, with what to install
 */
export async function pythonEnvironment(props: PythonEnvironmentProps): Promise<string> {
  const { directory, requirements } = props;
  const commands = join(directory, 'bin');
  const marker = join(directory, 'requirements.sha256');
  // The environment of the user may hold a proxy or an index. Only these two variables concern another Python.
  const { PYTHONHOME: _home, PYTHONPATH: _path, ...variables } = process.env;
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  if (
    existsSync(join(commands, 'python')) &&
    existsSync(marker) &&
    readFileSync(marker, 'utf8') === wanted &&
    (await succeeds(join(commands, 'python'), ['-c', ''], props.log, variables))
  ) {
    return commands;
  }
  props.onInstall();
  const env = { ...variables, PATH: props.path ?? variables.PATH, PYTHONNOUSERSITE: '1' };
  rmSync(directory, { recursive: true, force: true });
  try {
    await ((await succeeds('uv', ['--version'], props.log, env)) ? withUv(props, env) : withVenv(props, env));
    writeFileSync(marker, wanted);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
  return commands;
}

async function withUv({ directory, requirements, log }: PythonEnvironmentProps, env: NodeJS.ProcessEnv): Promise<void> {
  const quiet = ['--quiet'];
  await run('uv', ['venv', ...quiet, '--python', `>=${OLDEST.join('.')}`, directory], log, env);
  const python = ['--python', join(directory, 'bin', 'python')];
  await run('uv', ['pip', 'install', ...quiet, ...python, '--require-hashes', '-r', requirements], log, env);
}

async function withVenv(
  { directory, requirements, log }: PythonEnvironmentProps,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const recent = `import sys; sys.exit(sys.version_info < (${OLDEST.join(', ')}))`;
  let python: string | undefined;
  for (const name of INTERPRETERS) {
    if (await succeeds(name, ['-c', recent], log, env)) {
      python = name;
      break;
    }
  }
  if (python === undefined) {
    throw new Failure(messages.noPython({ oldest: OLDEST.join('.') }));
  }
  // On Debian, `import venv` works without the package python3-venv, but `import ensurepip` does not.
  if (!(await succeeds(python, ['-c', 'import ensurepip, venv'], log, env))) {
    throw new Failure(messages.noVenv({ python }));
  }
  await run(python, ['-m', 'venv', directory], log, env);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'];
  await run(join(directory, 'bin', 'python'), [...pip, '--require-hashes', '-r', requirements], log, env);
}

/** Runs in a process group of its own, because Ctrl-C would otherwise end the command first and look like a failure. */
async function succeeds(command: string, args: string[], log: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  return (await new ProcessGroup(command, args, { log, env }).exited) === 0;
}

async function run(command: string, args: readonly string[], log: string, env: NodeJS.ProcessEnv): Promise<void> {
  const lines: string[] = [];
  const code = await new ProcessGroup(command, args, { log, env, onLine: (line) => lines.push(line) }).exited;
  if (code === 0) return;
  if (saysDiskFull(lines) || isDiskFull(dirname(log))) {
    throw new Failure(messages.pythonDiskFull);
  }
  // Without a network, pip and uv report that the package does not exist.
  const last = lines.filter((line) => line.trim() !== '').at(-1);
  throw new Failure(messages.notInstalled({ reason: last?.trim() ?? messages.exitCode({ code }), log }));
}
