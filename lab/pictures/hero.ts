import { Language, Picture } from './svg';
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
    .zone({ x: 382, y: 10, width: 446, height: 228, name: say.private[language] })
    .arrow('M142 134H164')
    .arrow('M370 88H394')
    .arrow('M370 190H394')
    .arrow('M487 138V156')
    .arrow('M578 190H612')
    .arrow('M594 190V84H612')
    .arrow('M268 228V252')
    .arrow('M716 254V230', 'call')
    .box({ x: 10, y: 96, width: 132, height: 76, tone: 'client', lines: [say.client[language]] })
    .box({ x: 166, y: 44, width: 204, height: 184, tone: 'api' })
    .text(268, 72, 'API Gateway', { bold: true, anchor: 'middle' })
    .box({ x: 174, y: 84, width: 188, height: 40, tone: 'plain', lines: [say.rest[language]] })
    .box({ x: 174, y: 132, width: 188, height: 40, tone: 'plain', lines: ['HTTP'] })
    .box({ x: 174, y: 180, width: 188, height: 40, tone: 'plain', lines: ['WebSocket'] })
    .box({ x: 396, y: 46, width: 182, height: 92, tone: 'compute', name: 'Lambda', lines: say.provisioned[language] })
    .box({
      x: 396,
      y: 158,
      width: 182,
      height: 70,
      tone: 'network',
      name: say.balancer[language],
      lines: [say.link[language]],
    })
    .box({ x: 614, y: 46, width: 204, height: 76, tone: 'compute', name: 'ECS', lines: ['Fargate · EC2'] })
    .box({
      x: 614,
      y: 136,
      width: 204,
      height: 92,
      tone: 'compute',
      name: 'EKS',
      lines: [say.pods[language], 'Cluster Autoscaler'],
    })
    .box({
      ...{ x: 10, y: 254, width: 360, height: 48, tone: 'data', inline: true },
      ...{ name: 'Lambda · DynamoDB', lines: [say.sessions[language]] },
    })
    .box({
      ...{ x: 396, y: 254, width: 422, height: 48, tone: 'data', inline: true },
      ...{ name: 'ECR', lines: [say.image[language]] },
    })
    .render();
}
