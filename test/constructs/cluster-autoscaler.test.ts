import { App, Duration, Fn, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { ClusterAutoscaler, ClusterAutoscalerProps } from '../../lib/constructs/cluster-autoscaler';

type Changes = Partial<ClusterAutoscalerProps> & { readonly given?: (stack: Stack) => Partial<ClusterAutoscalerProps> };

function synthesize({ given, ...props }: Changes = {}): Template {
  const app = new App({ context: { '@aws-cdk/core:enablePartitionLiterals': true } });
  const stack = new Stack(app, 'Stack', { env: { region: 'eu-west-1' } });
  const cluster = eks.Cluster.fromClusterAttributes(stack, 'Cluster', {
    clusterName: 'example',
    kubectlProvider: eks.KubectlProvider.fromKubectlProviderAttributes(stack, 'Kubectl', {
      serviceToken: 'arn:aws:lambda:eu-west-1:111111111111:function:kubectl',
    }),
  });
  new ClusterAutoscaler(stack, 'Autoscaler', {
    cluster,
    clusterName: 'example',
    // Stands for the node group.
    nodes: new iam.Role(stack, 'Nodes', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') }),
    kubernetesVersion: '1.36',
    imageTag: 'v1.36.1',
    ...props,
    ...given?.(stack),
  });
  return Template.fromStack(stack);
}

/** What most tests look at, synthesized once. */
const byDefault = synthesize();

const CHART = 'Custom::AWSCDK-EKS-HelmChart';

function resourceOf(template: Template, type: string) {
  const [found, ...more] = Object.values(template.findResources(type));
  if (found === undefined || more.length > 0) throw new Error(`${type}: expected one, found ${more.length + 1}`);
  return found;
}

const valuesOf = (template: Template) => JSON.parse(resourceOf(template, CHART).Properties.Values);

function roleOf(template: Template) {
  const roles = Object.values(template.findResources('AWS::IAM::Role'));
  return roles.find(({ Properties }) => Properties.Policies !== undefined)?.Properties;
}

describe('the installation', () => {
  test('is of a pinned chart, and of an image of the minor version of the cluster [E7]', () => {
    byDefault.hasResourceProperties(CHART, {
      Repository: 'https://kubernetes.github.io/autoscaler',
      Chart: 'cluster-autoscaler',
      Version: '9.59.0',
      Release: 'cluster-autoscaler',
      Namespace: 'kube-system',
      CreateNamespace: Match.absent(),
    });
    expect(valuesOf(byDefault).image).toEqual({ tag: 'v1.36.1' });
  });

  test('succeeds when the pods run, is rolled back otherwise, and ends before the timeout of the function for Helm', () => {
    byDefault.hasResourceProperties(CHART, { Wait: true, Atomic: true, Timeout: '300s' });
  });

  test('is created after the nodes and deleted before them [E3]', () => {
    const { DependsOn: before } = resourceOf(byDefault, CHART);
    expect(before).toContainEqual(expect.stringMatching(/^Nodes/));
  });

  test('is created after the credentials, which do not wait for the nodes [E3]', () => {
    const [association] = Object.keys(byDefault.findResources('AWS::EKS::PodIdentityAssociation'));
    expect(resourceOf(byDefault, CHART).DependsOn).toContain(association);
    expect(resourceOf(byDefault, 'AWS::EKS::PodIdentityAssociation').DependsOn).toBeUndefined();
  });
});

describe('the role', () => {
  test('reads what scaling needs and changes groups of this cluster only, with no other action [E7]', () => {
    expect(roleOf(byDefault)?.Policies[0].PolicyDocument.Statement).toEqual([
      {
        Sid: 'Read',
        Effect: 'Allow',
        Action: [
          'autoscaling:DescribeAutoScalingGroups',
          'autoscaling:DescribeAutoScalingInstances',
          'autoscaling:DescribeLaunchConfigurations',
          'autoscaling:DescribeScalingActivities',
          'ec2:DescribeImages',
          'ec2:DescribeInstanceTypes',
          'ec2:DescribeLaunchTemplateVersions',
          'ec2:GetInstanceTypesFromInstanceRequirements',
          'eks:DescribeNodegroup',
        ],
        Resource: '*',
      },
      {
        Sid: 'Scale',
        Effect: 'Allow',
        Action: ['autoscaling:SetDesiredCapacity', 'autoscaling:TerminateInstanceInAutoScalingGroup'],
        Resource: '*',
        Condition: { StringEquals: { 'aws:ResourceTag/k8s.io/cluster-autoscaler/example': 'owned' } },
      },
    ]);
    expect(roleOf(byDefault)?.ManagedPolicyArns).toBeUndefined();
    byDefault.resourceCountIs('AWS::IAM::Policy', 0);
  });

  test('is assumed through Pod Identity by the service account of the chart in this cluster alone [E11]', () => {
    expect(roleOf(byDefault)?.AssumeRolePolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['sts:AssumeRole', 'sts:TagSession'],
        Principal: { Service: 'pods.eks.amazonaws.com' },
        Condition: {
          StringEquals: {
            'aws:RequestTag/eks-cluster-arn': {
              'Fn::Join': ['', ['arn:aws:eks:eu-west-1:', { Ref: 'AWS::AccountId' }, ':cluster/example']],
            },
            'aws:RequestTag/kubernetes-namespace': 'kube-system',
            'aws:RequestTag/kubernetes-service-account': 'cluster-autoscaler',
          },
        },
      },
    ]);
    byDefault.hasResourceProperties('AWS::EKS::PodIdentityAssociation', {
      ClusterName: 'example',
      Namespace: 'kube-system',
      ServiceAccount: 'cluster-autoscaler',
      // Without the tags, the role would trust nobody.
      DisableSessionTags: Match.absent(),
    });
  });

  test('is the role that the construct is given, to which nothing is added', () => {
    const arn = 'arn:aws:iam::111122223333:role/Autoscaler';
    const template = synthesize({ given: (stack) => ({ role: iam.Role.fromRoleArn(stack, 'Own', arn) }) });
    template.hasResourceProperties('AWS::EKS::PodIdentityAssociation', { RoleArn: arn });
    template.resourceCountIs('AWS::IAM::Policy', 0);
    // The role that stands for the nodes.
    template.resourceCountIs('AWS::IAM::Role', 1);
  });

  test('is not named inside the cluster: the service account has no annotation [E11]', () => {
    expect(valuesOf(byDefault).rbac).toEqual({ serviceAccount: { create: true, name: 'cluster-autoscaler' } });
    expect(JSON.stringify(valuesOf(byDefault))).not.toContain('role-arn');
    byDefault.resourceCountIs('Custom::AWSCDK-EKS-KubernetesResource', 0);
  });
});

describe('Cluster Autoscaler', () => {
  test('finds the groups of this cluster by their tags, in the region of the stack [E7]', () => {
    const { autoDiscovery, awsRegion, cloudProvider } = valuesOf(byDefault);
    expect({ autoDiscovery, awsRegion, cloudProvider }).toEqual({
      autoDiscovery: { clusterName: 'example' },
      awsRegion: 'eu-west-1',
      cloudProvider: 'aws',
    });
  });

  test('grows the group that leaves least idle, and lets no system pod keep a node [E7]', () => {
    expect(valuesOf(byDefault).extraArgs).toMatchObject({
      expander: 'least-waste',
      'balance-similar-node-groups': true,
      'skip-nodes-with-system-pods': false,
      'skip-nodes-with-local-storage': false,
    });
  });

  test.each([
    [undefined, '600s'],
    [Duration.minutes(3), '180s'],
  ])('removes a node that is spare for as long as it is told (%s)', (scaleDownAfter, seconds) => {
    const template = scaleDownAfter === undefined ? byDefault : synthesize({ scaleDownAfter });
    expect(valuesOf(template).extraArgs).toMatchObject({
      'scale-down-unneeded-time': seconds,
      'scale-down-delay-after-add': seconds,
    });
  });

  test('has a second replica elsewhere, and a drain evicts one replica at a time', () => {
    const { extraArgs, replicaCount, podDisruptionBudget, topologySpreadConstraints } = valuesOf(byDefault);
    expect(replicaCount).toBe(2);
    expect(extraArgs['leader-elect']).toBe(true);
    expect(podDisruptionBudget).toEqual({ maxUnavailable: 1 });
    expect(topologySpreadConstraints).toEqual(
      ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
        topologyKey,
        maxSkew: 1,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { 'app.kubernetes.io/instance': 'cluster-autoscaler' } },
      })),
    );
  });

  test('starts before other pods, with requests, and without a limit on CPU [E5]', () => {
    const { priorityClassName, resources } = valuesOf(byDefault);
    expect(priorityClassName).toBe('system-cluster-critical');
    expect(resources).toEqual({ requests: { cpu: '100m', memory: '300Mi' }, limits: { memory: '600Mi' } });
  });

  test('meets the pod security standard "restricted", with a read-only root file system', () => {
    const { securityContext, containerSecurityContext } = valuesOf(byDefault);
    expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(securityContext.runAsUser).toBeGreaterThan(0);
    expect(containerSecurityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('has a container of the name that searches in logs use', () => {
    expect(valuesOf(byDefault).nameOverride).toBe(ClusterAutoscaler.CONTAINER);
  });

  test('names the metrics of each replica for Prometheus', () => {
    expect(valuesOf(byDefault).podAnnotations).toEqual({
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': '8085',
      'prometheus.io/path': '/metrics',
    });
  });
});

describe('bad input', () => {
  test.each(['v1.35.2', 'v1.3.6', '1.36.1', 'v1.36', 'latest', 'v1936.1'])(
    'fails for an image of another minor version than the cluster, or of none: %s [E7]',
    (imageTag) => {
      expect(() => synthesize({ imageTag })).toThrow(
        `imageTag: must be v1.36.N, of the minor version of the cluster, got "${imageTag}". Choose a release`,
      );
    },
  );

  test('fails for a cluster name that is known at deploy time only [E7]', () => {
    expect(() => synthesize({ clusterName: Fn.ref('Cluster') })).toThrow(
      'clusterName: must be a literal, got a token. Give the cluster a name of your own, and repeat that name here.',
    );
  });

  test.each([0.5, 61])('fails for a scale-down after %s minutes', (minutes) => {
    expect(() => synthesize({ scaleDownAfter: Duration.seconds(minutes * 60) })).toThrow(
      `scaleDownAfter: must be 1 to 60 minutes, got ${minutes}. Give Duration.minutes(10).`,
    );
  });
});
