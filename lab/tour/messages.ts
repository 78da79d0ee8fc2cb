import { message } from '../../ops/kit/language';

/** Texts of the experiments: what they ask, what they see, and what is wrong. */
export const messages = {
  // Table
  path: message({ en: 'path', ja: 'リクエスト' }),
  status: message({ en: 'status', ja: '結果' }),
  unproven: message({ en: 'not modelled by this endpoint', ja: 'このエンドポイントでは未再現' }),
  unprovenShort: message({ en: 'not modelled', ja: '未再現' }),

  // Help of verify
  about: message({
    en: 'Sends requests to a deployed environment and prints a table of verdicts, as npm start does. Finds\nthe environment by its stack outputs, on AWS or at AWS_ENDPOINT_URL. The exit code is 1 if a check\nfails.',
    ja: 'デプロイ済みの環境にリクエストを送り、npm start と同じ判定の表を出力する。環境はスタックの出力から\n見つける（AWS、または AWS_ENDPOINT_URL のエンドポイント）。失敗した項目があれば終了コードは 1。',
  }),
  environmentFlag: message({
    en: 'environment of lib/environments.ts, or local',
    ja: 'lib/environments.ts の環境名、または local',
  }),
  regionFlag: message({
    en: 'another region than that of the environment',
    ja: '使用するリージョン（環境の設定と異なる場合）',
  }),
  connectionsFlag: message({
    en: 'WebSocket connections for the count of ticks, 1 to 500; without it 10',
    ja: 'ティックを数える WebSocket の接続数（1～500）。省略時は 10',
  }),
  jsonFlag: message({
    en: 'prints JSON, in English, in place of the table',
    ja: '表の代わりに JSON（英語）を出力する',
  }),
  badConnections: message({
    en: '--connections: must be a whole number from 1 to 500, got "{value}". Write --connections 100, for example.',
    ja: '--connections：1～500 の整数を指定してください（指定された値："{value}"）。例：--connections 100',
  }),
  noOutput: message({
    en: 'Stack {stack} ({status}) has no output {name}. Deploy it again with npx cdk deploy --all.',
    ja: 'スタック {stack}（{status}）に出力 {name} がありません。npx cdk deploy --all で再デプロイしてください。',
  }),
  noStatus: message({ en: 'no status', ja: '状態不明' }),
  notDeployedHere: message({
    en: 'Stack {stack} does not exist at {endpoint}. Deploy it with npm start, or with npm run deploy:local while npm start is running.',
    ja: 'スタック {stack} は {endpoint} に存在しません。npm start でデプロイしてください（npm start の実行中は npm run deploy:local）。',
  }),
  interrupted: message({
    en: 'Interrupted before the table was complete. Run the same command again for the whole table.',
    ja: '表が完成する前に中断しました。表全体を見るには、同じコマンドをもう一度実行してください。',
  }),

  // What is asked
  twice: message({ en: '{request} twice', ja: '{request} を 2 回' }),
  twiceWithPause: message({ en: '{request} twice, 1.2 s between', ja: '{request} を 2 回（間隔 1.2 秒）' }),
  bothWays: message({
    en: 'GET /analysis and /history, days={days}',
    ja: 'GET /analysis と /history、days={days}',
  }),
  withoutSignature: message({ en: '{request} unsigned', ja: '{request}（署名なし）' }),
  altered: message({ en: '{request}, altered after signing', ja: '{request}（署名後に改変）' }),
  twiceThen: message({
    en: '{request}?days=0 twice, then days={days}',
    ja: '{request}?days=0 を 2 回、次に days={days}',
  }),
  newSymbol: message({ en: 'new', ja: '新規' }),
  invokeOnDemand: message({ en: 'lambda invoke, alias on-demand', ja: 'lambda invoke、エイリアス on-demand' }),
  symbols: message({ en: '8 symbols', ja: '8 銘柄' }),
  atOnce: message({ en: '{request} at once', ja: '{request} を同時に' }),
  badInputs: message({ en: 'GET {number} bad inputs', ja: '不正な入力 {number} 件を GET' }),
  overHttpApi: message({ en: 'HTTP API: {request}', ja: 'HTTP API：{request}' }),
  connectUnsigned: message({ en: 'WebSocket connect, unsigned', ja: 'WebSocket 接続（署名なし）' }),
  subscribeTwice: message({ en: 'WebSocket subscribe, twice', ja: 'WebSocket subscribe を 2 回' }),
  threeTicks: message({
    en: 'WebSocket, lambda invoke ticker, three ticks',
    ja: 'WebSocket、lambda invoke ticker、3 ティック',
  }),
  unsubscribe: message({ en: 'WebSocket unsubscribe, then a tick', ja: 'WebSocket unsubscribe の後のティック' }),
  manyConnections: message({
    en: 'WebSocket, many connections x 20 symbols',
    ja: 'WebSocket、多数の接続 x 20 銘柄',
  }),
  disconnect: message({ en: 'WebSocket disconnect, dynamodb query', ja: 'WebSocket 切断、dynamodb query' }),
  webSocketMessage: message({ en: 'WebSocket message: {what}', ja: 'WebSocket メッセージ：{what}' }),
  text: message({ en: 'text', ja: 'テキスト' }),
  unknownAction: message({ en: 'an unknown action', ja: '未定義の action' }),
  badSymbol: message({ en: 'a bad symbol', ja: '不正な銘柄' }),
  tooManySymbols: message({ en: '1,000 symbols', ja: '1,000 銘柄' }),
  manifests: message({ en: 'manifests and charts of the stack', ja: 'スタックのマニフェストとチャート' }),
  nodeTargets: message({
    en: 'elbv2 describe-target-health, nodes',
    ja: 'elbv2 describe-target-health（ノード）',
  }),

  // What is seen
  errorCached: message({ en: 'error cached', ja: 'キャッシュあり' }),
  errorNotCached: message({ en: 'error not cached', ja: 'キャッシュなし' }),
  noRequestId: message({ en: 'no request id', ja: 'ID なし' }),
  cachedMethods: message({ en: '{number} cached', ja: '{number} 件が対象' }),
  healthy: message({ en: '{healthy}/{all} healthy', ja: '{healthy}/{all} 正常' }),
  inService: message({ en: '{number} in service', ja: '{number} 台稼働' }),
  ticks: message({ en: '{number} ticks', ja: '{number} ティック' }),
  delivered: message({ en: '{connections}: {delivered} ticks', ja: '{connections}：{delivered} 件' }),
  connected: message({ en: 'connected', ja: '接続' }),
  missing: message({ en: 'missing', ja: 'なし' }),
  stored: message({ en: 'stored', ja: '残存' }),
  gone: message({ en: 'gone', ja: '削除済み' }),
  error: message({ en: 'error', ja: 'エラー' }),

  // What is wrong
  wrongStatus: message({
    en: 'status {status} instead of {expected}: {text}',
    ja: 'ステータスが {expected} ではなく {status}：{text}',
  }),
  noMessage: message({ en: 'no message in JSON: {text}', ja: 'JSON の message がない：{text}' }),
  wrongOrigin: message({
    en: 'x-served-by is {by} instead of {expected}',
    ja: 'x-served-by が {expected} ではなく {by}',
  }),
  notFromFunction: message({
    en: 'no header initialization-type: not from the function',
    ja: 'ヘッダー initialization-type がなく、関数の応答ではない',
  }),
  noInitializationType: message({ en: 'no header initialization-type', ja: 'ヘッダー initialization-type がない' }),
  notQuote: message({ en: 'not a quote: {text}', ja: '株価ではない応答：{text}' }),
  twoPrices: message({ en: 'two prices', ja: '価格が異なる' }),
  differ: message({ en: 'differ in {fields}', ja: '{fields} が異なる' }),
  freshAnswer: message({ en: 'a fresh answer', ja: 'キャッシュではない新しい応答' }),
  cannotTell: message({
    en: 'no header x-request-id, so the answers cannot be told apart',
    ja: 'ヘッダー x-request-id がなく、応答を区別できない',
  }),
  nothingCached: message({
    en: 'no method is cached, so the cache costs money for nothing',
    ja: 'キャッシュ対象のメソッドがなく、キャッシュの料金が無駄になる',
  }),
  openCache: message({
    en: 'not encrypted, or open to a flush by anyone: {methods}',
    ja: '暗号化されていないか、誰でも無効化できる：{methods}',
  }),
  waitForReady: message({ en: 'wait for READY and try again', ja: 'READY になってから再実行してください' }),
  typeIs: message({ en: 'it is {type}', ja: '値は {type}' }),
  initializationTypeIs: message({
    en: 'initialization-type is {type}',
    ja: 'initialization-type の値は {type}',
  }),
  noHealthyTarget: message({ en: 'no healthy target: {states}', ja: '正常なターゲットがない：{states}' }),
  none: message({ en: 'there is none', ja: '0 件' }),
  noInstance: message({
    en: 'no instance, so tasks cannot run; managed scaling takes minutes',
    ja: 'インスタンスがなく、タスクを起動できない（マネージドスケーリングには数分かかる）',
  }),
  otherQuote: message({ en: 'REST answers {rest}, HTTP {http}', ja: 'REST の応答は {rest}、HTTP の応答は {http}' }),
  otherReason: message({ en: 'REST says {text}', ja: 'REST の応答は {text}' }),
  pathProblem: message({ en: '{path}: {problem}', ja: '{path}：{problem}' }),
  problems: message({ en: '; ', ja: '；' }),
  noHeader: message({ en: 'missing', ja: 'なし' }),
  noFields: message({ en: 'no {fields}', ja: '{fields} がない' }),
  functionAnswered: message({ en: 'a function answered', ja: '関数が応答した' }),
  wrongCloses: message({
    en: '{number} closes instead of {expected}',
    ja: '終値が {expected} 件ではなく {number} 件',
  }),
  notRefused: message({
    en: '{status} instead of a refusal with status 403',
    ja: '403 で拒否されず {status}',
  }),
  wrongSubscriptions: message({
    en: 'symbols {symbols}, {number} subscriptions in the table',
    ja: '銘柄 {symbols}、テーブルの購読は {number} 件',
  }),
  wrongSequence: message({ en: 'sequence {sequence}', ja: '順序が {sequence}' }),
  wrongTick: message({ en: '{tick}, but the quote is {price}', ja: '{tick} だが、株価は {price}' }),
  moreMessages: message({
    en: '{type}, and {number} messages after that',
    ja: '{type}、その後に {number} 件のメッセージ',
  }),
  wrongTicks: message({
    en: 'of {expected} ticks {lost} lost, {duplicated} duplicated, {outOfOrder} out of order',
    ja: '{expected} ティックのうち欠落 {lost}、重複 {duplicated}、順序違い {outOfOrder}',
  }),
  notInTable: message({ en: 'the subscription was not in the table', ja: '購読がテーブルにない' }),
  stillInTable: message({
    en: 'still in the table after {milliseconds} ms',
    ja: '{milliseconds} ms 後もテーブルに残っている',
  }),
  noReason: message({ en: 'no reason: {body}', ja: '理由がない：{body}' }),
  noReply: message({
    en: 'no message "{type}" in {milliseconds} ms; the last was {last}',
    ja: '{milliseconds} ms 以内にメッセージ "{type}" が届かない（最後は {last}）',
  }),
  refusedWith: message({ en: 'refused with status {status}', ja: 'ステータス {status} で拒否' }),
  tickerFailed: message({ en: 'the ticker failed: {reason}', ja: 'ティッカーが失敗：{reason}' }),
  noWebSocketApi: message({ en: 'the environment has no WebSocket API', ja: '環境に WebSocket API がない' }),
  noHttpApi: message({ en: 'the environment has no HTTP API', ja: '環境に HTTP API がない' }),
  noCluster: message({ en: 'the environment has no cluster', ja: '環境にクラスターがない' }),
  openControlPlane: message({ en: 'its API is open to {cidr}', ja: 'API が {cidr} に公開されている' }),
  notActive: message({
    en: 'the cluster is {status}, wait for ACTIVE',
    ja: 'クラスターは {status}。ACTIVE になるまで待ってください',
  }),
  noTargets: message({ en: 'the target group has no targets', ja: 'ターゲットグループにターゲットがない' }),
  noHealthyNode: message({ en: 'no healthy node: {states}', ja: '正常なノードがない：{states}' }),

  // What ministack records in place of a behaviour
  anySignature: message({
    en: 'any Authorization header is accepted',
    ja: 'どの Authorization ヘッダーも受け付けられる',
  }),
  nothingIsCached: message({
    en: 'settings are stored, nothing is cached',
    ja: '設定は保存されるが、キャッシュはされない',
  }),
  nothingAhead: message({
    en: 'the state is READY, but nothing is started ahead',
    ja: '状態は READY になるが、事前には何も起動されない',
  }),
  startUnknown: message({
    en: 'functions do not learn how they were started',
    ja: '関数に起動方法が伝わらない',
  }),
  alwaysHealthy: message({
    en: 'every target is reported as healthy',
    ja: 'どのターゲットも正常と報告される',
  }),
  noInstances: message({
    en: 'groups are records without instances; a process of this machine answers in place of tasks',
    ja: 'グループは記録だけでインスタンスはない。タスクの代わりにこのマシンのプロセスが応答する',
  }),
  noKubernetesApi: message({
    en: 'clusters are records: there is no Kubernetes API, so no object is applied and no pod answers',
    ja: 'クラスターは記録だけで Kubernetes API がない。オブジェクトは適用されず、Pod は応答しない',
  }),
  decodedPaths: message({
    en: 'paths are decoded before they are routed, so the path is that of another route',
    ja: 'ルーティングの前にパスがデコードされ、別のルートのパスになる',
  }),
  lostHeaders: message({
    en: 'only the content type of the headers of an HTTP backend is passed on',
    ja: 'HTTP バックエンドのヘッダーは Content-Type しか返されない',
  }),
};

/** What the experiments prove. */
export const statements = {
  restToFunction: message({
    en: 'REST API -> alias live -> function in private subnets',
    ja: 'REST API -> エイリアス live -> プライベートサブネットの関数',
  }),
  samePrice: message({ en: 'same symbol, same time, same price', ja: '銘柄と時刻が同じなら価格も同じ' }),
  restFunctionContainer: message({
    en: 'REST API -> function -> load balancer -> container',
    ja: 'REST API -> 関数 -> ロードバランサー -> コンテナ',
  }),
  restLinkContainer: message({
    en: 'REST API -> VPC link -> load balancer -> container',
    ja: 'REST API -> VPC リンク -> ロードバランサー -> コンテナ',
  }),
  ownContainer: message({ en: 'the container of this environment answered', ja: 'この環境のコンテナが応答する' }),
  sameNumbers: message({ en: 'both ways lead to the same numbers', ja: 'どちらの経路でも同じ数値になる' }),
  badInput: message({ en: 'bad input is a 400 with its reason', ja: '不正な入力には理由付きの 400 を返す' }),
  unknownRoute: message({ en: 'an unknown route is a 404 in JSON', ja: '未定義のルートには JSON の 404 を返す' }),
  unsigned: message({
    en: 'IAM authorisation: unsigned requests are refused',
    ja: 'IAM 認可：署名のないリクエストは拒否される',
  }),
  signatureChecked: message({ en: 'IAM authorisation: the signature is checked', ja: 'IAM 認可：署名が検証される' }),
  cacheAnswers: message({
    en: 'stage cache: the second answer is the first one',
    ja: 'ステージキャッシュ：2 回目も同じ応答を返す',
  }),
  cacheKeys: message({
    en: 'stage cache: an error never answers for another key',
    ja: 'ステージキャッシュ：エラーが別のキーの応答にならない',
  }),
  cacheGuarded: message({
    en: 'stage cache: encrypted; only authorised callers can flush it',
    ja: 'ステージキャッシュ：暗号化され、無効化には認可が必要',
  }),
  provisioned: message({
    en: 'alias live: environments are initialised ahead of requests',
    ja: 'エイリアス live：実行環境が事前に初期化される',
  }),
  noColdStart: message({
    en: 'alias live: requests meet no cold start',
    ja: 'エイリアス live：コールドスタートが起きない',
  }),
  onDemand: message({
    en: 'the same without provisioned concurrency, to compare',
    ja: '比較用：プロビジョニング済み同時実行なし',
  }),
  concurrent: message({
    en: 'all concurrent requests are answered; ms of the slowest',
    ja: '同時のリクエストすべてに応答する（ms は最も遅いもの）',
  }),
  containerHealthy: message({
    en: 'the load balancer finds the container healthy',
    ja: 'ロードバランサーがコンテナを正常と判定する',
  }),
  instancesStarted: message({
    en: 'ECS on EC2: instances have started for the tasks',
    ja: 'ECS on EC2：タスク用のインスタンスが起動している',
  }),
  httpToFunction: message({
    en: 'HTTP API -> alias live: the same quote as over REST',
    ja: 'HTTP API -> エイリアス live：REST と同じ株価',
  }),
  httpFunctionContainer: message({
    en: 'HTTP API -> function -> load balancer -> container',
    ja: 'HTTP API -> 関数 -> ロードバランサー -> コンテナ',
  }),
  httpLinkContainer: message({
    en: 'HTTP API -> own VPC link -> load balancer -> container',
    ja: 'HTTP API -> 専用の VPC リンク -> ロードバランサー -> コンテナ',
  }),
  sameRefusals: message({
    en: 'the same 400 with the same reason as over REST',
    ja: 'REST と同じ理由の 400 を返す',
  }),
  restToPod: message({
    en: 'REST API -> VPC link -> load balancer -> node -> pod',
    ja: 'REST API -> VPC リンク -> ロードバランサー -> ノード -> Pod',
  }),
  httpToPod: message({
    en: 'HTTP API -> VPC link -> load balancer -> node -> pod',
    ja: 'HTTP API -> VPC リンク -> ロードバランサー -> ノード -> Pod',
  }),
  unsignedConnections: message({
    en: 'IAM authorisation: unsigned connections are refused',
    ja: 'IAM 認可：署名のない接続は拒否される',
  }),
  storedOnce: message({
    en: 'each message is answered; a symbol is stored once',
    ja: 'どのメッセージにも応答し、銘柄の登録は 1 回だけ',
  }),
  ticksInOrder: message({
    en: 'ticks come in order, with the price of the REST API',
    ja: 'ティックが順に届き、価格は REST API と一致する',
  }),
  noTicks: message({ en: 'no ticks arrive after unsubscribing', ja: '購読解除後はティックが届かない' }),
  malformed: message({
    en: 'a malformed message is refused with its reason',
    ja: '不正なメッセージは理由付きで拒否される',
  }),
  everyTick: message({
    en: 'each gets every tick once and in order',
    ja: '全接続に全ティックが 1 回ずつ順に届く',
  }),
  nothingLeft: message({
    en: 'a closed connection leaves nothing in the table',
    ja: '切断した接続はテーブルに何も残さない',
  }),
  controlPlane: message({
    en: 'Kubernetes: control plane is active, not open to the world',
    ja: 'Kubernetes：コントロールプレーンが稼働中で、一般公開ではない',
  }),
  applied: message({
    en: 'Kubernetes: service and Cluster Autoscaler are applied',
    ja: 'Kubernetes：サービスと Cluster Autoscaler が適用済み',
  }),
  nodesHealthy: message({
    en: 'Kubernetes: the load balancer finds nodes healthy',
    ja: 'Kubernetes：ロードバランサーがノードを正常と判定する',
  }),
};
