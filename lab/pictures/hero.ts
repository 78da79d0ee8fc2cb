import { type Language } from '../../ops/kit/language';
import { Picture } from './svg';
import { words } from './words';

/** The picture at the top of the README. Its text stays legible in the column of a phone. */
export function hero(language: Language): string {
  const say = words.hero;
  return new Picture({
    width: 838,
    height: 312,
    size: 20,
    language,
    title: say.title[language],
    description: say.description[language],
  })
    .zone([382, 10, 446, 228], say.private[language])
    .arrow('M142 134H164')
    .arrow('M370 88H394')
    .arrow('M370 190H394')
    .arrow('M487 138V156')
    .arrow('M578 190H612')
    .arrow('M594 190V84H612')
    .arrow('M268 228V252')
    .arrow('M716 254V230', 'call')
    .box([10, 96, 132, 76], 'client', { lines: [say.client[language]] })
    .box([166, 44, 204, 184], 'api', {})
    .text(268, 72, 'API Gateway', { bold: true, anchor: 'middle' })
    .box([174, 84, 188, 40], 'plain', { lines: [say.rest[language]] })
    .box([174, 132, 188, 40], 'plain', { lines: ['HTTP'] })
    .box([174, 180, 188, 40], 'plain', { lines: ['WebSocket'] })
    .box([396, 46, 182, 92], 'compute', { name: 'Lambda', lines: say.provisioned[language] })
    .box([396, 158, 182, 70], 'network', { name: say.balancer[language], lines: [say.link[language]] })
    .box([614, 46, 204, 76], 'compute', { name: 'ECS', lines: ['Fargate · EC2'] })
    .box([614, 136, 204, 92], 'compute', { name: 'EKS', lines: [say.pods[language], 'Cluster Autoscaler'] })
    .box([10, 254, 360, 48], 'data', { inline: true, name: 'Lambda · DynamoDB', lines: [say.sessions[language]] })
    .box([396, 254, 422, 48], 'data', { inline: true, name: 'ECR', lines: [say.image[language]] })
    .render();
}
