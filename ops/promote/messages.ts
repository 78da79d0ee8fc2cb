import { message } from '../kit/language';

/** Texts of `npm run promote`. */
export const messages = {
  // Help
  about: message({
    en: 'Reads the digest of the image that runs in one environment, checks its scan, copies the image\ninto the repository of another environment, and writes the digest into lib/environments.ts.\nDeploys nothing. With --digest alone: goes back to an image that the repository still holds.',
    ja: 'ある環境で実行中のイメージのダイジェストを読み取り、スキャン結果を確認し、別の環境のリポジトリへ\nコピーして、lib/environments.ts にダイジェストを書き込む。デプロイはしない。\n--digest だけを指定すると、リポジトリに残っている以前のイメージに戻す。',
  }),
  fromFlag: message({ en: 'environment in which the image runs', ja: 'イメージを実行中の環境' }),
  toFlag: message({ en: 'environment that shall run the image', ja: 'イメージをこれから実行する環境' }),
  digestFlag: message({
    en: 'this digest (sha256:…) and not the one that runs',
    ja: '実行中のものに代えて使うダイジェスト（sha256:…）',
  }),
  serviceFlag: message({
    en: 'only this service; without it every service that runs an image by digest',
    ja: '対象のサービス（省略時は、ダイジェスト指定のすべてのサービス）',
  }),
  regionFlag: message({
    en: 'another region than that of the environment in --to',
    ja: '--to の環境のリージョン（設定と異なる場合）',
  }),
  fromRegionFlag: message({
    en: 'another region than that of the environment in --from',
    ja: '--from の環境のリージョン（設定と異なる場合）',
  }),
  acceptFlag: message({
    en: 'promotes an image with CRITICAL or HIGH findings, or without a scan',
    ja: 'CRITICAL、HIGH の検出があるか、未スキャンのイメージも許可する',
  }),

  // Wrong flags
  missingTo: message({ en: '--to is missing. {hint}', ja: '--to がありません。{hint}' }),
  missingSource: message({
    en: '--from or --digest is missing. {hint}',
    ja: '--from または --digest を指定してください。{hint}',
  }),
  unknownEnvironment: message({
    en: '{flag}: "{name}" is not known. Give one of {known}: {flag} {first}',
    ja: '{flag}："{name}" という環境はありません。{known} のいずれかを指定してください。例：{flag} {first}',
  }),
  sameEnvironment: message({
    en: '--from and --to name the same environment, {name}. Give two environments, or --digest alone.',
    ja: '--from と --to に同じ環境 {name} が指定されています。別の環境を指定するか、--digest だけを指定してください。',
  }),
  badDigest: message({
    en: '--digest: must be "sha256:" and 64 hexadecimal digits, got "{digest}".',
    ja: '--digest：「sha256:」と 64 桁の 16 進数で指定してください（指定された値："{digest}"）。',
  }),
  noService: message({
    en: '--service: environment {environment} runs no image of "{service}" by digest. Give its image from: "digest" in lib/environments.ts, or name another service ({known}).',
    ja: '--service：環境 {environment} には、ダイジェスト指定のサービス "{service}" がありません。lib/environments.ts でそのサービスのイメージをダイジェスト指定にするか、別のサービスを指定してください（{known}）。',
  }),
  noDigestService: message({
    en: '--to: environment {environment} runs no image by digest. Give the image of a service from: "digest" in lib/environments.ts.',
    ja: '--to：環境 {environment} には、ダイジェスト指定のサービスがありません。lib/environments.ts でサービスのイメージをダイジェスト指定にしてください。',
  }),
  whichService: message({
    en: '--digest: environment {environment} has several services by digest. Add --service with one of {known}.',
    ja: '--digest：環境 {environment} にはダイジェスト指定のサービスが複数あります。--service で {known} のいずれかを指定してください。',
  }),

  // What runs
  noTask: message({
    en: 'No task of the service {service} runs in {environment}. Start it and try again, or give --digest.',
    ja: '{environment} でサービス {service} のタスクが実行されていません。タスクを起動して再実行するか、--digest を指定してください。',
  }),
  severalDigests: message({
    en: 'The tasks of {service} in {environment} run {number} images: {digests}. Wait until the deployment has ended, and try again.',
    ja: '{environment} の {service} のタスクが {number} 種類のイメージを実行しています：{digests}。デプロイの完了を待って再実行してください。',
  }),
  noOutput: message({
    en: 'Stack {stack} has no output {output}. Deploy it with this version of Kumiki, and try again.',
    ja: 'スタック {stack} に出力 {output} がありません。このバージョンの Kumiki でデプロイしてから再実行してください。',
  }),
  runs: message({
    en: '{service} runs {digest} in {environment} (running tasks: {tasks}).',
    ja: '{environment} の {service} は {digest} を実行中です（タスク {tasks} 個）。',
  }),

  // Scan
  scanned: message({
    en: 'Scan of {service}: {counts}.',
    ja: '{service} のスキャン結果：{counts}。',
  }),
  noFindings: message({ en: 'no findings', ja: '検出なし' }),
  findings: message({
    en: 'The scan of {service} has findings of severity CRITICAL or HIGH: {counts}. Build from a newer base image, or add --accept-findings after you have read them: {command}',
    ja: '{service} のスキャン結果に重大度 CRITICAL または HIGH の検出があります：{counts}。新しいベースイメージでビルドし直すか、内容を確認したうえで --accept-findings を付けてください：{command}',
  }),
  noScan: message({
    en: 'The image of {service} has no finished scan ({status}). Wait and try again, or add --accept-findings.',
    ja: '{service} のイメージのスキャンが完了していません（{status}）。時間をおいて再実行するか、--accept-findings を付けてください。',
  }),
  scanUnknown: message({
    en: 'Scan of {service}: none that has finished ({status}).',
    ja: '{service} のスキャン結果：完了したものはありません（{status}）。',
  }),

  // Copy
  present: message({
    en: '{repository} holds {digest}.',
    ja: '{repository} に {digest} があります。',
  }),
  copies: message({
    en: 'Copying {digest} from {source} to {repository} …',
    ja: '{digest} を {source} から {repository} へコピーしています…',
  }),
  copied: message({
    en: '{repository} holds it as {tag} now ({uploaded} of {layers} layers copied).',
    ja: '{repository} にタグ {tag} で保存しました（{layers} 個のレイヤーのうち {uploaded} 個をコピー）。',
  }),
  noRepository: message({
    en: 'Stack {stack} is not deployed, so there is no repository to copy the image into. Deploy it first: {command}',
    ja: 'スタック {stack} がデプロイされておらず、コピー先のリポジトリがありません。先にデプロイしてください：{command}',
  }),
  notHeld: message({
    en: '{repository} does not hold {digest}. Give a digest that it holds: {command}',
    ja: '{repository} に {digest} はありません。保存されているダイジェストを指定してください：{command}',
  }),
  otherAccount: message({
    en: 'Environment {to} belongs to account {account}, but these credentials belong to {own}, and this command copies within one account only. Let {account} pull from {source} and copy the image with its credentials:\n  crane copy {uri} …/REPOSITORY:{tag}\nThen, with the same credentials: npm run promote -- --to {to} --digest {digest} --service {service}',
    ja: '環境 {to} はアカウント {account} のものですが、この認証情報は {own} のものです。このコマンドのコピーは 1 つのアカウント内に限られます。{account} に {source} からの pull を許可し、そのアカウントの認証情報でイメージをコピーしてください：\n  crane copy {uri} …/REPOSITORY:{tag}\n続いて、同じ認証情報で：npm run promote -- --to {to} --digest {digest} --service {service}',
  }),
  wrongDigest: message({
    en: 'The copy of {digest} has another content: {found}. Nothing was promoted. Try again.',
    ja: '{digest} のコピーの内容が一致しません：{found}。昇格は行っていません。再実行してください。',
  }),
  unknownManifest: message({
    en: '{digest} has a manifest of a kind that this command does not copy ({type}). Copy it with crane, and give --digest.',
    ja: '{digest} のマニフェスト形式（{type}）はこのコマンドではコピーできません。crane でコピーし、--digest を指定してください。',
  }),
  notDownloaded: message({
    en: 'A layer of {repository} could not be downloaded (HTTP {status}). Try again: layers that were copied stay.',
    ja: '{repository} のレイヤーをダウンロードできませんでした（HTTP {status}）。再実行してください。コピー済みのレイヤーはそのまま使われます。',
  }),

  interrupted: message({
    en: 'Interrupted. lib/environments.ts was not changed. What was copied stays in the repository, and the same command copies the rest.',
    ja: '中断しました。lib/environments.ts は変更していません。コピー済みのものはリポジトリに残り、同じコマンドで残りをコピーできます。',
  }),

  // File
  noLine: message({
    en: 'lib/environments.ts: no single line gives the service {service} of {environment} its image. Write this on a line of its own: {code}',
    ja: 'lib/environments.ts：{environment} のサービス {service} のイメージを指定する行を 1 つに特定できません。次のように 1 行で書いてください：{code}',
  }),
  unchanged: message({
    en: 'lib/environments.ts names {digest} for {service} of {environment} already.',
    ja: 'lib/environments.ts の {environment} の {service} は、すでに {digest} です。',
  }),
  changed: message({ en: 'lib/environments.ts, line {line}:', ja: 'lib/environments.ts の {line} 行目：' }),
  next: message({
    en: 'Nothing is deployed yet. Commit the line, let somebody review it, then deploy:',
    ja: 'まだ何もデプロイされていません。この行をコミットし、レビューを受けてからデプロイしてください：',
  }),
};
