import { message } from '../kit/language';

/** Texts of `npm run sweep`. */
export const messages = {
  // Help
  about: message({
    en: 'Lists what is left of an environment after its stacks were deleted, and what each thing costs\na month. Deletes nothing without --delete. The exit code is 0 if nothing is left, and 1 if\nsomething is left or a list could not be read.',
    ja: '環境のスタックを削除した後に残っているリソースと、それぞれの月額（USD）を一覧表示する。\n--delete を付けなければ何も削除しない。何も残っていなければ終了コードは 0、\n残っているか、確認できない一覧があれば 1。',
  }),
  environmentFlag: message({
    en: 'environment of lib/environments.ts, such as sandbox',
    ja: 'lib/environments.ts の環境名（sandbox など）',
  }),
  regionFlag: message({
    en: 'another region than that of the environment',
    ja: '使用するリージョン（環境の設定と異なる場合）',
  }),
  deleteFlag: message({
    en: 'deletes what is left, after one question; only for a disposable environment',
    ja: '1 回確認してから、残っているものを削除する（disposable: true の環境のみ）',
  }),
  yesFlag: message({ en: 'deletes without the question', ja: '確認せずに削除する' }),

  // Lines
  heading: message({ en: 'Environment {id} in {region}:', ja: '環境 {id}（{region}）：' }),
  deployed: message({
    en: 'stack {name} is deployed ({status}); its resources are no left-overs',
    ja: 'スタック {name} はデプロイ済みです（{status}）。そのリソースは残存リソースに含めません',
  }),
  onlyChangeSet: message({
    en: 'stack {name} has only a change set that nobody executed ({status}); no resource belongs to it',
    ja: 'スタック {name} には未実行の変更セットしかありません（{status}）。リソースは含まれません',
  }),
  line: message({ en: '{kind} {name}: {cost}', ja: '{kind} {name}：{cost}' }),
  lineWithReason: message({ en: '{kind} {name}: {cost}. {reason}', ja: '{kind} {name}：{cost}。{reason}' }),
  notRead: message({
    en: '{what} ({action}): {reason}',
    ja: '{what}（{action}）：{reason}',
  }),
  tags: message({ en: 'resources by their tag', ja: 'タグによる一覧' }),
  sum: message({
    en: '{number} left, {usd} USD a month and what AWS bills by use.',
    ja: '残っているリソースは {number} 件、月額 {usd} USD と従量課金分です。',
  }),
  nothing: message({
    en: 'Nothing is left of the stacks that are gone.',
    ja: '削除されたスタックのリソースは残っていません。',
  }),
  nothingFound: message({
    en: 'Nothing found; {unread}, so something may be left.',
    ja: '見つかったものはありませんが、{unread}。残っているリソースがある可能性があります。',
  }),
  andUnread: message({
    en: '{what} Besides, {unread}, so more may be left.',
    ja: '{what}また、{unread}。ほかにも残っている可能性があります。',
  }),
  listUnread: message({ en: '1 list could not be read', ja: '確認できない一覧が 1 件あります' }),
  listsUnread: message({
    en: '{number} lists could not be read',
    ja: '確認できない一覧が {number} 件あります',
  }),
  shared: message({
    en: 'Not read, because all CDK apps and APIs of the account share them: the stack CDKToolkit with its bucket, the service-linked roles, and the log group /aws/apigateway/welcome.',
    ja: '次のものは、アカウントのすべての CDK アプリと API が共有するため対象外です：スタック CDKToolkit とそのバケット、サービスリンクロール、ロググループ /aws/apigateway/welcome。',
  }),
  howToDelete: message({
    en: 'Delete them: npm run sweep -- --environment {id} --region {region} --delete',
    ja: '削除するには：npm run sweep -- --environment {id} --region {region} --delete',
  }),

  // Verdicts
  stack: message({ en: 'stack', ja: 'スタック' }),
  left: message({ en: 'left', ja: '残存' }),
  stays: message({ en: 'stays', ja: '残す' }),
  'not checked': message({ en: 'not checked', ja: '未確認' }),

  // Costs
  usd: message({ en: '{usd} USD a month', ja: '月額 {usd} USD' }),
  free: message({ en: 'costs nothing', ja: '無料' }),
  use: message({ en: 'billed by use', ja: '従量課金' }),
  unknown: message({ en: 'price not in docs/costs.md', ja: 'docs/costs.ja.md に価格の記載なし' }),

  // Kinds
  restApi: message({ en: 'REST API', ja: 'REST API（API Gateway）' }),
  api: message({ en: 'HTTP or WebSocket API', ja: 'HTTP API または WebSocket API' }),
  vpcLink: message({ en: 'VPC link', ja: 'VPC リンク' }),
  dashboard: message({ en: 'dashboard', ja: 'ダッシュボード' }),
  cluster: message({ en: 'EKS cluster with its node groups', ja: 'EKS クラスター（ノードグループを含む）' }),
  function: message({ en: 'Lambda function', ja: 'Lambda 関数' }),
  alarm: message({ en: 'alarm', ja: 'アラーム' }),
  loadBalancer: message({ en: 'load balancer', ja: 'ロードバランサー' }),
  targetGroup: message({ en: 'target group', ja: 'ターゲットグループ' }),
  autoScalingGroup: message({ en: 'Auto Scaling group', ja: 'Auto Scaling グループ' }),
  instance: message({ en: 'instance', ja: 'インスタンス' }),
  natGateway: message({ en: 'NAT gateway', ja: 'NAT ゲートウェイ' }),
  endpoint: message({ en: 'VPC endpoint', ja: 'VPC エンドポイント' }),
  networkInterface: message({ en: 'network interface', ja: 'ネットワークインターフェイス' }),
  address: message({ en: 'Elastic IP address', ja: 'Elastic IP アドレス' }),
  volume: message({ en: 'EBS volume', ja: 'EBS ボリューム' }),
  launchTemplate: message({ en: 'launch template', ja: '起動テンプレート' }),
  securityGroup: message({ en: 'security group', ja: 'セキュリティグループ' }),
  subnet: message({ en: 'subnet', ja: 'サブネット' }),
  routeTable: message({ en: 'route table', ja: 'ルートテーブル' }),
  internetGateway: message({ en: 'internet gateway', ja: 'インターネットゲートウェイ' }),
  vpc: message({ en: 'VPC', ja: 'VPC（仮想ネットワーク）' }),
  ecsCluster: message({ en: 'ECS cluster with its services', ja: 'ECS クラスター（サービスを含む）' }),
  table: message({ en: 'DynamoDB table', ja: 'DynamoDB テーブル' }),
  bucket: message({ en: 'S3 bucket', ja: 'S3 バケット' }),
  repository: message({ en: 'ECR repository', ja: 'ECR リポジトリ' }),
  key: message({ en: 'KMS key', ja: 'KMS キー' }),
  role: message({ en: 'IAM role', ja: 'IAM ロール' }),
  logGroup: message({ en: 'log group', ja: 'ロググループ' }),
  other: message({ en: 'tagged resource', ja: 'タグ付きリソース' }),

  // Reasons to stay
  interfaceInUse: message({
    en: 'Its service still uses it and releases it by itself, within 20 minutes or more',
    ja: 'サービスがまだ使用中です。20 分ほど、またはそれ以上かかって自動的に解放されます',
  }),
  keyPending: message({
    en: 'KMS deletes it on {on}, and bills nothing until then',
    ja: 'KMS が {on} に削除します。それまで料金はかかりません',
  }),
  logRole: message({
    en: 'All APIs of the account log through it (docs/decisions/0012-one-policy-for-log-groups.md)',
    ja: 'アカウントのすべての API がこのロールでログを書き込みます（docs/decisions/0012-one-policy-for-log-groups.ja.md）',
  }),
  otherRegion: message({
    en: 'A stack of the same name in another region may use it. Look there, and delete it by hand',
    ja: '別のリージョンの同名のスタックが使っている可能性があります。確認のうえ、手動で削除してください',
  }),
  lookYourself: message({
    en: 'The index of tags names it, perhaps for a while after its deletion. Look for it in the console',
    ja: 'タグの索引にあります（削除後もしばらく残ることがあります）。コンソールで確認してください',
  }),

  // Deletion
  notDisposable: message({
    en: '--delete: environment {id} is not disposable (lib/environments.ts), so what is left of it was kept on purpose. Delete each thing by hand, if nobody needs its data.',
    ja: '--delete：環境 {id} は disposable: true ではないため（lib/environments.ts）、残っているリソースは意図的に保持されています。データが不要なことを確認し、1 つずつ手動で削除してください。',
  }),
  noQuestion: message({
    en: '--delete: there is no terminal to ask in. Add --yes to delete without the question.',
    ja: '--delete：確認を表示できるターミナルがありません。確認なしで削除するには --yes を付けてください。',
  }),
  yesAlone: message({
    en: '--yes: has an effect only with --delete. To delete without the question, add --delete; to list only, leave --yes out.',
    ja: '--yes：--delete と一緒に指定した場合だけ有効です。確認なしで削除するには --delete を付け、一覧だけを表示するには --yes を外してください。',
  }),
  question: message({
    en: 'Delete these {number} with all their data, in account {account}?',
    ja: 'アカウント {account} のこれら {number} 件を、データごと削除しますか？',
  }),
  questionOfOne: message({
    en: 'Delete this one with all its data, in account {account}?',
    ja: 'アカウント {account} のこの 1 件を、データごと削除しますか？',
  }),
  kept: message({ en: 'Nothing was deleted.', ja: '何も削除していません。' }),
  deleted: message({ en: 'deleted {kind} {name}', ja: '{kind} {name} を削除しました' }),
  waits: message({
    en: 'waits: something still uses {number} of them. Next attempt in {seconds} s',
    ja: '待機中：{number} 件がまだ使用されています。{seconds} 秒後に再試行します',
  }),
  waitsForSlow: message({
    en: 'waits for {kind} {name}: {minutes} of at most {most} minutes',
    ja: '待機中：{kind} {name} の削除（{minutes} 分経過、最長 {most} 分）',
  }),
  inUse: message({ en: '{id} is in use', ja: '{id} は使用中です' }),
  deleting: message({ en: 'AWS is still deleting {id}', ja: 'AWS が {id} を削除中です' }),
  notDeleted: message({
    en: 'not deleted: {kind} {name}: {reason}',
    ja: '削除できませんでした：{kind} {name}：{reason}',
  }),
  interrupted: message({
    en: 'Interrupted: {number} deleted, {rest} left. Run the same command again to go on.',
    ja: '中断しました：{number} 件を削除済み、{rest} 件が残っています。続けるには同じコマンドを再実行してください。',
  }),
  done: message({ en: '{number} deleted, {rest} left.', ja: '{number} 件を削除しました。残りは {rest} 件です。' }),
  doneForNow: message({
    en: '{number} deleted, {rest} left, of which {later} still in use. Run the same command again to go on.',
    ja: '{number} 件を削除しました。残りは {rest} 件で、うち {later} 件はまだ使用中です。続けるには同じコマンドを再実行してください。',
  }),
};
