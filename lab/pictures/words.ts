export const languages = ['en', 'ja'] as const;

/** Words of a picture in both languages. An array is one line for each item. */
type Words = Readonly<Record<string, Readonly<Record<(typeof languages)[number], string | readonly string[]>>>>;

/** All words of all pictures, the languages side by side. Names of AWS services are in the pictures themselves. */
export const words = {
  hero: {
    title: {
      en: 'Kumiki: Lambda, ECS and EKS in private subnets, behind API Gateway',
      ja: 'Kumiki：API Gateway の背後の、プライベートサブネットの Lambda、ECS、EKS',
    },
    description: {
      en: 'A client calls API Gateway: a REST API with a cache, an HTTP API, or a WebSocket API. The first two call a Lambda function with provisioned concurrency in private subnets, and through a VPC link an internal Application Load Balancer. Behind the load balancer run ECS tasks on Fargate or EC2, and pods on EKS with a Horizontal Pod Autoscaler and Cluster Autoscaler. ECS and EKS run the same image from ECR. The WebSocket API keeps its sessions in DynamoDB, through a Lambda function outside the VPC.',
      ja: 'クライアントは API Gateway を呼び出します。REST API（キャッシュ付き）、HTTP API、WebSocket API の 3 種類です。REST API と HTTP API は、プライベートサブネットの Lambda 関数（プロビジョニング済み同時実行）と、VPC リンク経由で内部 ALB を呼び出します。ALB の背後では、ECS タスク（Fargate または EC2）と、HPA と Cluster Autoscaler でスケールする EKS の Pod が動きます。ECS と EKS は ECR の同じイメージを使います。WebSocket API は、VPC 外の Lambda 関数を通して DynamoDB にセッションを保存します。',
    },
    client: { en: 'Client', ja: 'クライアント' },
    rest: { en: 'REST + cache', ja: 'REST・キャッシュ' },
    sessions: { en: 'sessions', ja: 'セッション' },
    private: { en: 'VPC · private subnets', ja: 'VPC・プライベートサブネット' },
    provisioned: { en: ['provisioned', 'concurrency'], ja: ['プロビジョニング', '済み同時実行'] },
    balancer: { en: 'Internal ALB', ja: '内部 ALB' },
    link: { en: 'via VPC link', ja: 'VPC リンク経由' },
    pods: { en: 'pods · HPA', ja: 'Pod・HPA' },
    image: { en: 'one image for both', ja: '共通のイメージ' },
  },
} as const satisfies Record<string, Words>;
