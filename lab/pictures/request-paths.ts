import { KUBERNETES_PREFIX, routes } from '../../domain/routes';
import { type Language } from '../../ops/kit/language';
import { Picture } from './svg';
import { words } from './words';

const first = (path: string) => `/${path.split('/')[1]}`;
const BY_FUNCTION = [routes.quote, routes.analysis].map(({ path }) => first(path));
const ON_ECS = first(routes.history.path);
const ON_EKS = `${KUBERNETES_PREFIX}${ON_ECS}`;

/** Constructs that watch the others, and notify people. */
const WATCHING = [
  ...['api', 'build', 'capacity', 'cluster', 'function', 'load-balancer', 'nat', 'service', 'service-event', 'table'],
  ...['target-group', 'ticker', 'websocket'],
]
  .map((part) => `${part}-alarms`)
  .concat('users-affected', 'alarm-topic', 'monthly-budget', 'environment-dashboard', 'saved-queries');

/** The way of a request over each API, and who starts and watches what. */
export function requestPaths(language: Language): string {
  const say = words.paths;
  const picture = new Picture({
    width: 838,
    height: 774,
    size: 15,
    language,
    title: say.title[language],
    description: say.description[language],
  });
  const label = (x: number, y: number, ...lines: readonly string[]) => {
    for (const [index, line] of lines.entries()) {
      picture.text(x, y + 18 * index, line, { stroke: 'request', anchor: 'middle' });
    }
  };
  // REST and HTTP API.
  picture
    .box([12, 14, 102, 426], 'client', { lines: [say.client[language]] })
    .box([140, 14, 182, 168], 'api', { constructs: ['cached-rest-api'] })
    .text(231, 36, 'REST API', { bold: true, anchor: 'middle' })
    .text(231, 58, say.restAuth[language], { anchor: 'middle' })
    .box([148, 68, 166, 48], 'plain', { name: say.cache[language], lines: [say.cacheNote[language]] })
    .box([148, 124, 166, 48], 'plain', {
      name: say.guard[language],
      lines: [say.guardNote[language]],
      constructs: ['cache-invalidation-guard'],
    })
    .box([140, 204, 182, 120], 'api', {
      name: 'HTTP API',
      lines: [say.httpAuth[language], say.httpNote[language]],
      constructs: ['authorized-http-api'],
    })
    .arrow('M114 98H138')
    .arrow('M114 264H138')
    .box([430, 14, 146, 58], 'network', {
      name: say.link[language],
      lines: [say.ofRest[language]],
      constructs: ['private-vpc-link'],
    })
    .box([430, 102, 146, 140], 'compute', {
      name: 'Lambda',
      lines: say.live[language],
      constructs: ['private-function', 'gradual-release'],
    })
    .box([430, 266, 146, 58], 'network', { name: say.link[language], lines: [say.ofHttp[language]] })
    .arrow('M322 54H428')
    .arrow('M322 140H428')
    .arrow('M322 226H428')
    .arrow('M322 306H428')
    .arrow('M576 43H606')
    .arrow('M576 172H606')
    .arrow('M576 295H606')
    .box([608, 14, 74, 310], 'network', {
      name: 'ALB',
      lines: [say.balancer[language]],
      constructs: ['private-load-balancer'],
    })
    .arrow('M682 80H708')
    .arrow('M682 258H708')
    .box([710, 32, 116, 96], 'compute', {
      name: say.tasks[language],
      lines: [say.tasksNote[language], ON_ECS],
      constructs: ['container-service', 'kept-weights'],
    })
    .box([710, 210, 116, 96], 'compute', {
      name: say.pods[language],
      lines: [say.podsNote[language], ON_EKS],
      constructs: ['node-port-target', 'kubernetes-workload'],
      dashed: true,
    });
  label(372, 28, ON_ECS, ON_EKS);
  label(372, 114, ...BY_FUNCTION);
  label(372, 200, ...BY_FUNCTION);
  label(372, 280, ON_ECS, ON_EKS);
  // WebSocket API.
  picture
    .box([140, 366, 182, 74], 'api', {
      name: 'WebSocket API',
      lines: [say.socketNote[language]],
      constructs: ['websocket-sessions'],
    })
    .arrow('M114 403H138')
    .arrow('M322 403H428')
    .box([430, 366, 146, 74], 'compute', { name: 'Lambda', lines: [say.sessions[language]] })
    .arrow('M576 403H606')
    .box([608, 366, 218, 74], 'data', {
      name: 'DynamoDB',
      lines: [say.table[language]],
      constructs: ['session-table'],
    })
    .box([430, 470, 146, 66], 'compute', { name: 'Lambda', lines: [say.ticker[language]], constructs: ['ticker'] })
    .arrow('M576 490H630V442', 'call')
    .arrow('M430 503H231V442')
    .arrow('M652 520H578', 'call')
    .box([654, 470, 172, 66], 'plain', {
      name: 'EventBridge',
      lines: ['Scheduler', say.everyMinute[language]],
      constructs: ['sleep'],
      dashed: true,
    });
  label(372, 395, say.messages[language]);
  label(330, 525, say.ticks[language]);
  // The image, and what watches all parts.
  return picture
    .box([12, 568, 164, 66], 'data', {
      name: 'CodeBuild',
      lines: [say.build[language]],
      constructs: ['service-image'],
    })
    .arrow('M176 601H202', 'call')
    .box([204, 568, 182, 66], 'data', {
      name: 'ECR',
      lines: [say.registry[language]],
      constructs: ['image-repository'],
    })
    .arrow('M386 601H412', 'call')
    .box([414, 568, 190, 66], 'compute', { name: say.pull[language], lines: [say.pullNote[language]] })
    .box([664, 568, 162, 66], 'api', { name: 'AWS WAF', lines: [say.firewall[language]], dashed: true })
    .box([12, 654, 216, 82], 'watch', {
      name: 'CloudWatch Logs',
      lines: say.logs[language],
      constructs: ['api-account', 'github-deployer'],
    })
    .box([240, 654, 240, 82], 'watch', {
      name: say.alarms[language],
      lines: say.alarmsNote[language],
      constructs: WATCHING,
    })
    .box([492, 654, 160, 82], 'watch', { name: 'X-Ray', lines: say.traces[language] })
    .box([664, 654, 162, 82], 'watch', {
      name: 'KMS',
      lines: say.keys[language],
      constructs: ['kubernetes-cluster', 'data-key'],
      dashed: true,
    })
    .text(14, 760, `${words.dashed.first[language]}${words.dashed.joint[language]}${words.dashed.second[language]}`, {
      muted: true,
    })
    .render();
}
