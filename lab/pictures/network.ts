import { type Language } from '../../ops/kit/language';
import { Picture } from './svg';
import { words } from './words';

/** What is where in the VPC, and who reaches whom. */
export function network(language: Language): string {
  const say = words.network;
  const picture = new Picture({
    width: 838,
    height: 788,
    size: 15,
    language,
    title: say.title[language],
    description: say.description[language],
  });
  picture
    .zone([12, 76, 602, 700], 'VPC', { constructs: ['network'] })
    .zone([24, 108, 284, 656], say.zoneA[language])
    .zone([318, 108, 284, 656], say.zoneB[language]);
  for (const x of [34, 328]) {
    picture
      .zone([x, 140, 264, 98], say.public[language], { inner: true })
      .zone([x, 250, 264, 456], say.private[language], { inner: true })
      .zone([x, 718, 264, 36], say.isolated[language], { inner: true });
  }
  // The way out.
  picture
    .box([44, 14, 244, 46], 'network', { name: say.internetGateway[language] })
    .box([640, 10, 186, 54], 'data', { lines: say.outside[language], constructs: ['image-repository'] })
    .box([44, 172, 244, 56], 'network', { name: say.nat[language], lines: [say.natA[language]] })
    .box([338, 172, 244, 56], 'network', { name: say.nat[language], lines: [say.natB[language]], dashed: true })
    .arrow('M268 172V62', 'call')
    .arrow('M288 37H638', 'call')
    .box([640, 116, 186, 54], 'watch', { name: 'CloudWatch Logs', lines: [say.flowLog[language]] })
    .arrow('M614 143H638', 'call');
  // The private subnets, from callers to what is called.
  picture
    .box([44, 282, 526, 50], 'compute', {
      name: say.function[language],
      lines: [say.functionNote[language]],
      constructs: ['private-function'],
    })
    .box([124, 344, 446, 50], 'network', {
      name: say.links[language],
      lines: [say.linksNote[language]],
      constructs: ['private-vpc-link'],
    })
    .box([44, 414, 526, 50], 'network', {
      name: say.balancer[language],
      lines: [say.balancerNote[language]],
      constructs: ['private-load-balancer'],
    })
    .box([44, 484, 446, 50], 'compute', {
      name: say.tasks[language],
      lines: [say.tasksNote[language]],
      constructs: ['container-service', 'container-cluster', 'ec2-capacity'],
    })
    .box([44, 546, 526, 50], 'compute', {
      name: say.nodes[language],
      lines: [say.nodesNote[language]],
      constructs: ['managed-node-group', 'cluster-add-ons', 'node-port-target'],
      dashed: true,
    })
    .box([44, 614, 526, 34], 'compute', {
      lines: [say.plane[language]],
      constructs: ['kubernetes-cluster'],
      dashed: true,
    })
    .box([44, 662, 526, 34], 'network', { lines: [say.endpoints[language]], dashed: true })
    .arrow('M84 332V412')
    .arrow('M347 394V412')
    .arrow('M267 464V482')
    .arrow('M530 464V544');
  // Services outside the VPC, each beside its counterpart.
  return picture
    .box([640, 280, 186, 54], 'plain', { name: say.lambdaService[language], lines: [say.lambdaServiceNote[language]] })
    .arrow('M640 307H572')
    .box([640, 346, 186, 46], 'api', { name: 'API Gateway' })
    .arrow('M640 369H572')
    .box([640, 412, 186, 54], 'data', {
      name: 'S3',
      lines: [say.accessLogs[language]],
      constructs: ['access-log-bucket'],
      dashed: true,
    })
    .arrow('M570 439H638', 'call')
    .box([640, 477, 186, 64], 'network', { name: 'S3, DynamoDB', lines: say.gatewayEndpoints[language] })
    .arrow('M490 509H638', 'call')
    .box([640, 604, 186, 54], 'plain', { name: 'EKS', lines: [say.controlPlane[language]], dashed: true })
    .arrow('M640 631H572', 'call')
    .text(628, 742, words.dashed.first[language], { muted: true })
    .text(628, 762, words.dashed.second[language], { muted: true })
    .render();
}
