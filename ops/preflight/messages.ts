import { message } from '../kit/language';

/** Texts of `npm run preflight`. */
export const messages = {
  // Help
  about: message({
    en: 'Asks the account for what makes a deployment fail or surprises: credentials, bootstrap, stacks of\nan earlier try, names in use, zones, quotas, the role for API Gateway logs, the image, the price.\nChanges nothing. Give the same -c as to cdk deploy. The exit code is 1 if a check fails or could\nnot be made. Quotas, findings of scans, left-overs and the price only warn.',
    ja: 'デプロイの失敗や想定外につながるもの（認証情報、ブートストラップ、以前のデプロイのスタック、\n使用中の名前、AZ、クォータ、API Gateway のログ用ロール、イメージ、料金）を事前に確認する。\n何も変更しない。-c には cdk deploy と同じ値を指定する。失敗または未確認の項目があれば\n終了コードは 1。クォータ、スキャン結果、残存リソース、料金は警告のみ。',
  }),
  environmentFlag: message({
    en: 'environment of lib/environments.ts, such as sandbox',
    ja: 'lib/environments.ts の環境名（sandbox など）',
  }),
  regionFlag: message({
    en: 'another region than that of the environment',
    ja: '使用するリージョン（環境の設定と異なる場合）',
  }),
  contextFlag: message({
    en: 'context as for cdk deploy, such as -c kubernetes=true; may be repeated',
    ja: 'cdk deploy と同じコンテキスト（-c kubernetes=true など、複数指定可）',
  }),

  // Table
  heading: message({ en: 'Environment {id} in {region}', ja: '環境 {id}（{region}）' }),
  verdict: message({ en: 'verdict', ja: '判定' }),
  what: message({ en: 'what', ja: '項目' }),
  needed: message({ en: 'needed', ja: '必要' }),
  there: message({ en: 'there', ja: '現状' }),
  whatToDo: message({ en: 'what to do', ja: '対処' }),
  summary: message({
    en: 'passed {passed}, warnings {warnings}, problems {problems}, not checked {unchecked}',
    ja: '合格 {passed}、警告 {warnings}、問題 {problems}、未確認 {unchecked}',
  }),
  blocked: message({ en: 'Do not deploy yet: {summary}.', ja: 'まだデプロイしないでください：{summary}。' }),
  ready: message({
    en: 'Nothing blocks the deployment: {summary}.',
    ja: 'デプロイを妨げるものはありません：{summary}。',
  }),
  interrupted: message({
    en: 'Interrupted. Preflight only reads, so nothing was changed.',
    ja: '中断しました。preflight は読み取りだけなので、何も変更していません。',
  }),
  reasons: message({ en: '; ', ja: '；' }),
  andMore: message({ en: '{rest} more', ja: 'ほか {rest} 件' }),
  allow: message({
    en: 'Allow {actions}, or ask somebody who may',
    ja: '{actions} を許可するか、権限を持つ人に依頼してください',
  }),

  // Verdicts
  pass: message({ en: 'pass', ja: '合格' }),
  warning: message({ en: 'warning', ja: '警告' }),
  problem: message({ en: 'problem', ja: '問題あり' }),
  'not checked': message({ en: 'not checked', ja: '未確認' }),

  // Checks
  account: message({ en: 'Account', ja: 'アカウント' }),
  templates: message({ en: 'Templates', ja: 'テンプレート' }),
  bootstrapStack: message({ en: 'Bootstrap', ja: 'ブートストラップ' }),
  earlierStacks: message({ en: 'Stacks', ja: 'スタック' }),
  names: message({ en: 'Names', ja: '名前' }),
  leftBehind: message({ en: 'Left-overs', ja: '残存リソース' }),
  promotedImage: message({ en: 'Image by digest', ja: 'ダイジェスト指定のイメージ' }),
  price: message({ en: 'Price', ja: '料金' }),
  elasticIps: message({ en: 'Elastic IP addresses', ja: 'Elastic IP アドレス' }),
  natGateways: message({ en: 'NAT gateways of a zone', ja: 'AZ ごとの NAT ゲートウェイ' }),
  vpcs: message({ en: 'VPCs', ja: 'VPC の数' }),
  loadBalancers: message({ en: 'Load balancers', ja: 'ロードバランサー' }),
  eksClusters: message({ en: 'EKS clusters', ja: 'EKS クラスター' }),
  fargateVcpus: message({ en: 'Fargate vCPUs', ja: 'Fargate の vCPU' }),
  fargateSpotVcpus: message({ en: 'Fargate Spot vCPUs', ja: 'Fargate Spot の vCPU' }),
  armBuilds: message({ en: 'CodeBuild, ARM/Small', ja: 'CodeBuild の ARM/Small 同時ビルド' }),
  zones: message({ en: 'Zones', ja: 'アベイラビリティーゾーン' }),
  image: message({ en: 'Image', ja: 'イメージ' }),
  concurrency: message({ en: 'Lambda concurrency', ja: 'Lambda の同時実行数' }),
  logs: message({ en: 'API Gateway logs', ja: 'API Gateway のログ' }),
  vcpus: message({ en: 'EC2 vCPUs', ja: 'EC2 の vCPU' }),
  switchedOff: message({ en: 'Switched off', ja: 'オフにした部品' }),
  noAnswer: message({
    en: 'could not be read: {reason}',
    ja: '取得できませんでした：{reason}',
  }),

  // Credentials and templates
  anyAccount: message({ en: 'any account of AWS', ja: 'AWS の任意のアカウント' }),
  youAre: message({ en: 'you are {arn}', ja: '現在の認証情報は {arn}' }),
  otherAccount: message({
    en: 'Use credentials of another account than {account}, or name another environment than {id}',
    ja: 'アカウント {account} 以外の認証情報を使うか、{id} 以外の環境を指定してください',
  }),
  synthesized: message({ en: 'stacks that synthesize: {number}', ja: 'スタック {number} 個を合成できます' }),
  notSynthesized: message({
    en: 'the synthesis fails, so checks that need the templates were left out',
    ja: '合成に失敗したため、テンプレートが必要な確認は省略しました',
  }),
  fixSynthesis: message({ en: '{reason}', ja: '合成のエラー：{reason}' }),

  // Bootstrap
  versionOrNewer: message({ en: 'version {version} or newer', ja: 'バージョン {version} 以降' }),
  versionIs: message({ en: 'version {version}', ja: 'バージョン {version}' }),
  notBootstrapped: message({
    en: '{account} is not bootstrapped in {region}',
    ja: '{account} は {region} でブートストラップされていません',
  }),
  bootstrap: message({ en: 'Run once: {command}', ja: '一度だけ実行してください：{command}' }),

  // Stacks of an earlier deployment
  noStacks: message({ en: 'no stack yet', ja: 'スタックはまだありません' }),
  stacksAreFine: message({ en: 'stacks: {number}, none failed', ja: 'スタック {number} 個、失敗なし' }),
  stackIs: message({ en: '{stack} is {status}', ja: '{stack} は {status}' }),
  createdAgain: message({
    en: 'cdk deploy deletes the stack and creates it again. To delete it yourself: {command}',
    ja: 'cdk deploy がスタックを削除して作り直します。自分で削除する場合：{command}',
  }),
  unprotectFirst: message({
    en: 'Termination protection keeps cdk deploy from deleting the failed stack: {command}',
    ja: '削除保護のため、cdk deploy は失敗したスタックを削除できません：{command}',
  }),
  waitForStack: message({
    en: 'Another deployment is under way. Wait until {stack} is complete, and run preflight again',
    ja: '別のデプロイが進行中です。{stack} の完了を待ってから preflight を再実行してください',
  }),
  continueRollback: message({
    en: 'Remove the cause (see the events of the stack), and then: {command}',
    ja: 'スタックのイベントで原因を確認して取り除いてから：{command}',
  }),
  rollBack: message({ en: 'Roll back first: {command}', ja: '先にロールバックしてください：{command}' }),
  destroyFirst: message({ en: 'Delete the stack first: {command}', ja: '先にスタックを削除してください：{command}' }),

  // Names and left-overs
  noFixedNames: message({ en: 'the templates give no fixed name', ja: 'テンプレートに固定の名前はありません' }),
  namesAreFree: message({ en: 'not in use: {names}', ja: '未使用：{names}' }),
  logGroupExists: message({ en: 'a log group has this name', ja: '同名のロググループがあります' }),
  clusterExists: message({ en: 'an EKS cluster has this name', ja: '同名の EKS クラスターがあります' }),
  deleteLogGroup: message({
    en: 'Export what you need of it, and then: {command}',
    ja: '必要なログを書き出してから：{command}',
  }),
  deleteCluster: message({
    en: 'Find out whose it is, and delete it, or rename the environment: {command}',
    ja: '所有者を確認して削除するか、環境名を変えてください：{command}',
  }),
  nothingRetained: message({ en: 'nothing of an earlier deployment', ja: '以前のデプロイの残りはありません' }),
  retained: message({
    en: 'no stack, but resources with the tag of this environment: {number} ({services})',
    ja: 'この環境のタグを持つリソースが {number} 個ありますが、スタックはありません（{services}）',
  }),
  sweep: message({
    en: 'An earlier deployment retained them, and the new one does not use them: npm run sweep lists them with their price',
    ja: '以前のデプロイが残したもので、新しいデプロイは使いません。npm run sweep で一覧と料金を確認できます',
  }),

  // Images by digest
  imageNeeded: message({ en: '{service} {digest}', ja: '{service} の {digest}' }),
  noRepository: message({
    en: 'the stack {stack} has no repository yet',
    ja: 'スタック {stack} のリポジトリはまだありません',
  }),
  deployRegistry: message({
    en: 'Deploy the repository, and copy the image into it (docs/images.md): {command}',
    ja: 'リポジトリをデプロイし、イメージをコピーしてください（docs/images.ja.md）：{command}',
  }),
  noImage: message({ en: '{repository} does not have it', ja: '{repository} にありません' }),
  promote: message({
    en: 'Copy the image into the repository, or give another digest (docs/images.md)',
    ja: 'イメージをリポジトリにコピーするか、別のダイジェストを指定してください（docs/images.ja.md）',
  }),
  notScanned: message({ en: '{repository} has it, scan: {status}', ja: '{repository} にあり、スキャンは{status}' }),
  noScan: message({ en: 'none', ja: '未実施' }),
  waitForScan: message({
    en: 'Wait for the scan and run preflight again, or accept that nobody scanned the image',
    ja: 'スキャンの完了後に再実行するか、未スキャンのまま進めるか判断してください',
  }),
  noFindings: message({ en: '{repository} has it, no findings', ja: '{repository} にあり、検出なし' }),
  findings: message({
    en: '{repository} has it, findings: {findings}',
    ja: '{repository} にあり、検出結果は {findings}',
  }),
  readFindings: message({ en: 'Read the findings: {command}', ja: '検出結果を確認してください：{command}' }),

  // Price
  priceOfMonth: message({
    en: '{usd} USD a month while idle, plus use (docs/costs.md)',
    ja: 'アイドル時の月額 {usd} USD、ほかに従量分（docs/costs.ja.md）',
  }),
  priceWithout: message({
    en: '{usd} USD a month while idle, plus use and {parts}, whose price docs/costs.md does not have',
    ja: 'アイドル時の月額 {usd} USD、ほかに従量分と {parts}（docs/costs.ja.md に価格なし）',
  }),
  noPrices: message({
    en: 'docs/costs.md has no prices of {region}',
    ja: 'docs/costs.ja.md に {region} の価格はありません',
  }),
  calculator: message({
    en: 'Look them up in the AWS Pricing Calculator: calculator.aws',
    ja: 'AWS Pricing Calculator（料金見積りツール）で確認してください：calculator.aws',
  }),

  // Quotas
  quotaShared: message({ en: '{value}, shared with others', ja: '{value}（ほかと共有）' }),
  quotaUsed: message({ en: '{value}, of which others use {others}', ja: '{value}、うちほかの使用は {others}' }),

  // Lambda concurrency
  nothingProvisioned: message({
    en: 'no concurrency is provisioned',
    ja: 'プロビジョニング済み同時実行は使われていません',
  }),
  provisionedNeeded: message({
    en: '{provisioned} provisioned, {kept} unreserved',
    ja: 'プロビジョニング済み {provisioned}、未予約 {kept}',
  }),
  concurrencyThere: message({
    en: '{unreserved} not reserved, {others} of them provisioned by other functions',
    ja: '未予約 {unreserved}、うち {others} はほかの関数がプロビジョニング済み',
  }),
  requestConcurrency: message({
    en: 'Request more (Service Quotas, Lambda, "Concurrent executions"), or lower provisionedConcurrency in lib/environments.ts',
    ja: 'クォータの引き上げを申請するか（Service Quotas、Lambda、"Concurrent executions"）、lib/environments.ts の provisionedConcurrency を下げてください',
  }),

  // The role for the logs of API Gateway
  roleIs: message({ en: '{arn}', ja: 'ロールは {arn} です' }),
  createsRole: message({ en: 'this deployment creates the role', ja: 'このデプロイがロールを作成します' }),
  replacesRole: message({
    en: 'this deployment replaces the role of {owner}, {arn}',
    ja: 'このデプロイが {owner} のロール（{arn}）を置き換えます',
  }),
  wouldReplaceRole: message({
    en: 'the account has a role, {arn}, which this deployment would replace',
    ja: 'アカウントにはすでにロール {arn} があり、このデプロイはそれを置き換えてしまいます',
  }),
  disownRole: message({
    en: 'An account has only one: set restApi.ownsApiAccount to false in lib/environments.ts',
    ja: 'ロールはアカウントに 1 つしか設定できません。lib/environments.ts の restApi.ownsApiAccount を false にしてください',
  }),
  roleIsGone: message({
    en: 'the account names the role {arn}, which no longer exists',
    ja: 'アカウントに設定されたロール {arn} はもう存在せず',
  }),
  noRole: message({
    en: 'the account has no role for API Gateway logs',
    ja: 'アカウントには API Gateway のログ用ロールがなく',
  }),
  needsRole: message({
    en: '{why}, and this environment does not create one',
    ja: '{why}、この環境もロールを作成しません',
  }),
  createRole: message({
    en: 'Set restApi.ownsApiAccount to true in lib/environments.ts, or have the owner of the account run aws apigateway update-account',
    ja: 'lib/environments.ts の restApi.ownsApiAccount を true にするか、アカウントの管理者に aws apigateway update-account の実行を依頼してください',
  }),
  disposableRole: message({
    en: 'the role, {arn}, belongs to the disposable environment {owner}. When {owner} is destroyed, logs stop without an error',
    ja: 'ロール {arn} は、削除される前提の環境 {owner} のものです。{owner} を削除すると、エラーなしにログが止まります',
  }),
  ownRole: message({
    en: 'Set restApi.ownsApiAccount to true here and to false in {owner}',
    ja: 'restApi.ownsApiAccount をこの環境では true、{owner} では false にしてください',
  }),
  roleNotAllowed: message({
    en: 'these credentials do not allow iam:GetRole on {arn}',
    ja: 'この認証情報では {arn} に対する iam:GetRole が許可されていません',
  }),

  // Zones
  vpcLinks: message({ en: 'VPC links V2', ja: 'VPC リンク V2' }),
  controlPlanes: message({ en: 'control planes of EKS', ja: 'EKS のコントロールプレーン' }),
  and: message({ en: ' and ', ja: ' と ' }),
  andNo: message({ en: ' and no ', ja: ' と ' }),
  available: message({ en: '{where}: {parts} are available', ja: '{where}：{parts} を使えます' }),
  zoneIs: message({ en: '{name} is {id}', ja: '{name} は {id}' }),
  zoneLacks: message({ en: '{name} is {id}, which has no {lack}', ja: '{name} は {id} で、{lack} がありません' }),
  noZone: message({
    en: 'the account has no zone {name} ({others})',
    ja: 'アカウントに AZ {name} がありません（使えるのは {others}）',
  }),
  tooFewZones: message({
    en: 'Only {found} of the {needed} zones that are needed have them: choose another region',
    ja: '必要な AZ は {needed} 個ですが、使えるのは {found} 個だけです。別のリージョンを選んでください',
  }),
  addFlags: message({
    en: 'Add to each cdk command: {flags}',
    ja: '各 cdk コマンドに {flags} を付けてください',
  }),
  subnetLacks: message({
    en: '{subnet} is in {id}, which has no {lack}',
    ja: '{subnet} は {id} にあり、{lack} がありません',
  }),
  otherSubnets: message({
    en: 'Name other subnets in network.existing',
    ja: 'network.existing に別のサブネットを指定してください',
  }),
  subnetsIn: message({ en: 'the subnets are in {ids}', ja: 'サブネットの AZ は {ids}' }),
  noVpcLinks: message({
    en: 'AWS listed no VPC links V2 in {region} when lib/zones.ts was written, so the APIs would not reach the containers',
    ja: 'lib/zones.ts を書いた時点で、{region} は VPC リンク V2 の対応リージョンの一覧になく、API からコンテナへ到達できません',
  }),
  seeVpcLinks: message({
    en: 'See docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-vpc-links-v2.html, Availability by Region',
    ja: 'docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-vpc-links-v2.html の Availability by Region を参照してください',
  }),

  // Image
  nothingBuilt: message({
    en: 'nothing is built, because every image is given by its digest',
    ja: 'すべてのイメージがダイジェストで指定されているため、ビルドはありません',
  }),
  buildsOnArm: message({
    en: 'CodeBuild builds ARM images in {region}',
    ja: '{region} の CodeBuild で ARM イメージをビルドできます',
  }),
  armNotDocumented: message({
    en: 'AWS does not document ARM builds of CodeBuild in {region}',
    ja: '{region} の CodeBuild での ARM ビルドは、AWS のドキュメントに記載がありません',
  }),
  promoteInstead: message({
    en: 'If they fail, build the image in another region and promote it by digest (docs/decisions/0004-image-built-in-the-account.md)',
    ja: '失敗する場合は、別のリージョンでビルドしたイメージをダイジェストで指定してください（docs/decisions/0004-image-built-in-the-account.ja.md）',
  }),

  // vCPUs
  natInstance: message({ en: 'NAT instance', ja: 'NAT インスタンス' }),
  nodes: message({
    en: '{nodes} nodes, and {more} more during an update',
    ja: 'ノード {nodes} 台、更新中はさらに {more} 台',
  }),
  containerInstances: message({ en: '{number} container instances', ja: 'コンテナインスタンス {number} 台' }),
  noVcpus: message({
    en: 'EC2 returned no vCPUs for {type} in {region}.',
    ja: '{region} の {type} の vCPU 数を EC2 が返しませんでした。',
  }),
  mostVcpus: message({ en: 'at most {most} ({parts})', ja: '最大 {most}（{parts}）' }),
  enoughVcpus: message({
    en: '{quota}: {value} vCPUs that all instances of the account share',
    ja: '{quota}：アカウント全体で共有する {value} vCPU',
  }),
  tooFewVcpus: message({
    en: '{quota}: the quota is {value} vCPUs{when}',
    ja: '{quota}：クォータは {value} vCPU{when}',
  }),
  requestMore: message({
    en: 'Request more, unless AWS did raise the quota, which Service Quotas does not always show: {command}',
    ja: 'クォータの引き上げを申請してください（引き上げ済みでも Service Quotas に表示されないことがあります）：{command}',
  }),
  alreadyTakes: message({
    en: '; the first deployment already takes {start}',
    ja: '（最初のデプロイだけで {start}）',
  }),
  noQuota: message({
    en: 'Service Quotas returned no value for {code} of {service}.',
    ja: 'Service Quotas が {service} の {code} の値を返しませんでした。',
  }),
  unknownType: message({
    en: '@aws-sdk/client-ec2 does not know the instance type {type}. Install a newer version of the package.',
    ja: '@aws-sdk/client-ec2 にインスタンスタイプ {type} がありません。新しいバージョンのパッケージをインストールしてください。',
  }),

  // Parts that are switched off
  keepKubernetes: message({
    en: 'add -c kubernetes=true to each command, or write "kubernetes": true into the context of cdk.json',
    ja: '各コマンドに -c kubernetes=true を付けるか、cdk.json の context に "kubernetes": true と書いてください',
  }),
  keep: message({
    en: 'set {property} in lib/environments.ts',
    ja: 'lib/environments.ts で {property} を設定してください',
  }),
  isOff: message({ en: '{property} is off', ja: '{property} はオフ' }),
  leftOver: message({
    en: '{stack} is deployed, and cdk deploy deletes the stack',
    ja: '{stack} はデプロイ済みで、cdk deploy がスタックを削除します',
  }),
  toKeep: message({ en: 'To keep it, {keep}', ja: '残す場合は、{keep}' }),
};
