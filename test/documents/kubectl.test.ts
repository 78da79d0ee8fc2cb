import { DOCUMENTS, matches, read } from '../support/documents';
import { kubectlProblems } from '../support/kubectl';

/** Every command of kubectl in the code of a document, as its words. A pipe, a bracket or a comment ends the command. */
function commandsOf(file: string): string[][] {
  const text = read(file).replaceAll(/\\\n\s*/g, '');
  const code = [...matches(text, /^ *```(?:sh|console)\n(.*?)^ *```$/gms), ...matches(text, /`(kubectl [^`\n]+)`/g)];
  return code
    .flatMap((each) => matches(each, /\bkubectl ((?:'[^'\n]*'|"(?:\\.|[^"\\\n])*"|[^\s|;&#)<>]+|[ \t]+)+)/g))
    .map((command) => matches(command, /((?:'[^']*'|"(?:\\.|[^"\\])*"|[^\s])+)/g));
}

test.each(DOCUMENTS)('%s gives kubectl only commands, kinds of resources and options that it has', (file) => {
  expect(commandsOf(file).flatMap(kubectlProblems)).toEqual([]);
});

test('the documents use kubectl, so that the test above sees commands', () => {
  const commands = DOCUMENTS.flatMap(commandsOf).map((words) => words.join(' '));
  expect(commands).toEqual(
    expect.arrayContaining([
      'get nodes -L topology.kubernetes.io/zone',
      'rollout undo deployment/history -n history',
      String.raw`-n history patch hpa history --type merge -p "{\"spec\":{\"maxReplicas\":$((MAX * 2))}}"`,
    ]),
  );
});

test.each([
  ['descrbe hpas', ['descrbe: no such command of kubectl']],
  ['-n history describe hpas', ['describe hpas: no such kind of resource']],
  ['get pods,servces -A', ['get servces: no such kind of resource']],
  ['get pods --all-namespace', ['get: no option --all-namespace']],
  ['rollout back deployment/history', ['rollout back: no such subcommand']],
  ['top services', ['top services: no such subcommand']],
  ['get', ['get : no such kind of resource']],
])('"kubectl %s" would be found', (command, problems) => {
  expect(kubectlProblems(command.split(' '))).toEqual(problems);
});
