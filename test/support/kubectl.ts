const words = (text: string) => text.trim().split(/\s+/);

/** Commands of kubectl. @see https://kubernetes.io/docs/reference/kubectl/#operations */
const COMMANDS = words(`
  alpha annotate api-resources api-versions apply attach auth autoscale certificate cluster-info completion config convert
  cordon cp create delete describe diff drain edit exec explain expose get kustomize label logs options patch plugin
  port-forward proxy replace rollout run scale set taint top uncordon version wait`);

/**
 * Kinds of resources that kubectl can list: plural, singular, and short names. kubectl takes each of them.
 *
 * @see https://kubernetes.io/docs/reference/kubectl/#resource-types
 */
const KINDS = words(`
  apiservices apiservice  certificatesigningrequests certificatesigningrequest csr  clusterrolebindings clusterrolebinding
  clusterroles clusterrole  configmaps configmap cm  controllerrevisions controllerrevision  cronjobs cronjob cj
  csidrivers csidriver  csinodes csinode  customresourcedefinitions customresourcedefinition crd crds  daemonsets daemonset ds
  deployments deployment deploy  endpoints ep  endpointslices endpointslice  events event ev  flowschemas flowschema
  horizontalpodautoscalers horizontalpodautoscaler hpa  ingressclasses ingressclass  ingresses ingress ing  jobs job
  leases lease  limitranges limitrange limits  mutatingwebhookconfigurations mutatingwebhookconfiguration
  namespaces namespace ns  networkpolicies networkpolicy netpol  nodes node no
  persistentvolumeclaims persistentvolumeclaim pvc  persistentvolumes persistentvolume pv
  poddisruptionbudgets poddisruptionbudget pdb  pods pod po  priorityclasses priorityclass pc  replicasets replicaset rs
  resourcequotas resourcequota quota  rolebindings rolebinding  roles role  runtimeclasses runtimeclass  secrets secret
  serviceaccounts serviceaccount sa  services service svc  statefulsets statefulset sts  storageclasses storageclass sc
  validatingwebhookconfigurations validatingwebhookconfiguration  volumeattachments volumeattachment`);

interface Command {
  /** Options with a value. */
  readonly valued?: readonly string[];
  readonly flags?: readonly string[];
  /** What follows the command. @default a kind of resource */
  readonly next?: readonly string[] | 'name';
}

/** Options that every command has. @see https://kubernetes.io/docs/reference/kubectl/generated/kubectl_options/ */
const GLOBAL = words('-n --namespace --context --kubeconfig --request-timeout');

/** What the documents use, from each command's page: https://kubernetes.io/docs/reference/kubectl/generated/kubectl_COMMAND/ */
const USED: Readonly<Record<string, Command>> = {
  delete: {
    valued: words('-l --selector --field-selector --timeout'),
    flags: words('-A --all-namespaces --all --wait --now'),
  },
  describe: { valued: words('-l --selector'), flags: words('-A --all-namespaces') },
  get: {
    valued: words('-l --selector -L --label-columns -o --output --field-selector --sort-by'),
    flags: words('-A --all-namespaces -w --watch --no-headers --show-labels'),
  },
  logs: {
    valued: words('-l --selector -c --container --since --tail'),
    flags: words('-f --follow -p --previous --prefix --timestamps'),
    next: 'name',
  },
  patch: { valued: words('-p --patch --patch-file --type') },
  rollout: { valued: words('-l --selector --to-revision'), next: words('history pause restart resume status undo') },
  top: {
    valued: words('-l --selector --field-selector --sort-by'),
    flags: words('-A --all-namespaces --containers --sum'),
    next: words('node nodes no pod pods po'),
  },
};

/** What kubectl would refuse in a command, which is given by its words after `kubectl`. */
export function kubectlProblems(given: readonly string[]): string[] {
  const [verb = ''] = plain(given, GLOBAL);
  if (!COMMANDS.includes(verb)) return [`${verb}: no such command of kubectl`];
  const { [verb]: command } = USED;
  if (command === undefined) return [`${verb}: add its options to test/support/kubectl.ts`];
  const { valued = [], flags = [], next } = command;
  const withValue = [...GLOBAL, ...valued];
  const options = given.filter((word) => word.startsWith('-')).map((word) => word.replace(/=.*/s, ''));
  const unknown = options.filter((option) => ![...withValue, ...flags].includes(option));
  const [, object = ''] = plain(given, withValue);
  const kinds = object.split(',').map((each) => each.replace(/\/.*/, '').toLowerCase());
  const wrong = next === 'name' ? [] : kinds.filter((each) => !(next ?? KINDS).includes(each));
  return [
    ...unknown.map((option) => `${verb}: no option ${option}`),
    ...wrong.map((each) => `${verb} ${each}: no such ${next ? 'subcommand' : 'kind of resource'}`),
  ];
}

/** The words of a command that are no options and no values of options. */
const plain = (given: readonly string[], withValue: readonly string[]) =>
  given.filter((word, index) => !word.startsWith('-') && !withValue.includes(given[index - 1] ?? ''));
