import { UID } from '#contract/installation.ts'
import { BUILDER } from './builder/layout.ts'

/** A root filesystem made from Debian's signed packages. */
export interface RootfsRecipe {
  readonly kind: 'rootfs'
  readonly packages: readonly string[]
  /** Paths that packages may not bring, besides the manuals and translations that no image has. */
  readonly exclude: readonly string[]
  /** Seconds on a small machine, for the progress line. */
  readonly expectedS: number
}

/** Files on top of another image; see content.ts for what each name brings. */
export interface LayerRecipe {
  readonly kind: 'layer'
  readonly from: ImageName
  readonly content: ContentName
  /** Dockerfile lines after FROM and ADD: settings only, nothing is run. */
  readonly settings: readonly string[]
  readonly expectedS: number
}

/** What a layer brings. */
export type ContentName = 'node' | 'app' | 'builder' | 'patroni' | 'packages' | 'console' | 'platform'

export type ImageRecipe = RootfsRecipe | LayerRecipe
export type ImageName =
  | 'base'
  | 'node'
  | 'app'
  | 'builder'
  | 'database'
  | 'patroni'
  | 'edge'
  | 'detector'
  | 'packages'
  | 'console'
  | 'platform'

/** Debian release of every image, whatever the host runs. */
export const SUITES = [
  { uri: 'http://deb.debian.org/debian', suite: 'trixie' },
  { uri: 'http://deb.debian.org/debian', suite: 'trixie-updates' },
  { uri: 'http://deb.debian.org/debian-security', suite: 'trixie-security' },
] as const

/** Left out of every image: nobody reads manuals there. Copyright files stay. */
export const EXCLUDED_PATHS = [
  '/usr/share/man/*',
  '/usr/share/info/*',
  '/usr/share/doc/*',
  '/usr/share/groff/*',
  '/usr/share/lintian/*',
  '/usr/share/linda/*',
  '/usr/share/locale/*',
] as const
export const INCLUDED_PATHS = ['/usr/share/doc/*/copyright', '/usr/share/locale/locale.alias'] as const

/** Users that containers run as; the same numbers in every image. */
export const USERS: Readonly<Record<string, number>> = {
  'maru-control': UID.control,
  'maru-app': UID.app,
  'maru-build': UID.build,
  'maru-edge': UID.edge,
  'maru-database': UID.database,
  'maru-etcd': UID.etcd,
}

/** Starts Patroni in its image. */
export const PATRONI_START = '/usr/local/lib/maru/start-patroni.py'

/** Where the program is inside the platform image. */
export const PROGRAM_DIR = '/maru-program'

/** How each stack image is made. An image is named by the hash of its recipe and of what the recipe brings. */
export const RECIPES: Readonly<Record<ImageName, ImageRecipe>> = {
  base: {
    kind: 'rootfs',
    packages: [
      'ca-certificates',
      'libatomic1',
      'libstdc++6',
      'nftables',
      'openssl',
      'tzdata',
      'ulogd2',
      'ulogd2-json',
    ],
    exclude: [],
    expectedS: 40,
  },
  database: {
    kind: 'rootfs',
    packages: [
      'ca-certificates',
      'etcd-server',
      'etcd-client',
      'patroni',
      'python3-etcd',
      'postgresql-17',
      'postgresql-client-17',
      // For a drill in which a member's clock jumps; nothing else loads it.
      'libfaketime',
    ],
    // Just-in-time compilation stays off: it costs 200 MB and slows short queries.
    exclude: ['*/libLLVM*', '*/llvmjit*', '/usr/lib/postgresql/17/lib/bitcode/*', '*/libz3.so*'],
    expectedS: 80,
  },
  // What starts Patroni; see docs/decisions/0015.
  patroni: { kind: 'layer', from: 'database', content: 'patroni', settings: [], expectedS: 2 },
  // What visitors meet: HAProxy, and what moves an address between the hosts of a data centre; what apps ask for names: dnsmasq; and
  // what asks providers by BGP: BIRD.
  edge: {
    kind: 'rootfs',
    packages: ['bird2', 'ca-certificates', 'dnsmasq-base', 'haproxy', 'keepalived'],
    // keepalived can tell of itself by SNMP, whose library would bring Perl: 50 MB that nobody asks.
    exclude: ['/usr/share/perl/*', '/usr/lib/*/perl/*', '/usr/share/snmp/*', '/usr/share/misc/pci.ids*'],
    expectedS: 40,
  },
  // What reads the requests that reach apps, and what apps send: Suricata. Its own rules stay out; its updater fetches those of others.
  detector: {
    kind: 'rootfs',
    packages: ['suricata', 'suricata-update'],
    exclude: ['/etc/suricata/rules/*', '/usr/share/suricata/rules/*', '/usr/share/misc/pci.ids*'],
    expectedS: 40,
  },
  node: { kind: 'layer', from: 'base', content: 'node', settings: [], expectedS: 4 },
  app: {
    kind: 'layer',
    from: 'node',
    content: 'app',
    settings: ['ENV NODE_ENV=production', `USER ${UID.app}:${UID.app}`, 'WORKDIR /app'],
    expectedS: 3,
  },
  builder: {
    kind: 'layer',
    from: 'node',
    content: 'builder',
    settings: [
      // Volumes take over the owner of the folder that they cover; an archive put into one cannot change it.
      ...[BUILDER.app, BUILDER.cache].map((path) => `COPY --chown=${UID.build}:${UID.build} empty/ ${path}/`),
      `USER ${UID.build}:${UID.build}`,
      'WORKDIR /build',
    ],
    expectedS: 6,
  },
  // Apart from the program, so that a changed program costs a second.
  packages: { kind: 'layer', from: 'node', content: 'packages', settings: [], expectedS: 8 },
  // The web console; below the program, because that changes more often.
  console: { kind: 'layer', from: 'packages', content: 'console', settings: [], expectedS: 8 },
  platform: {
    kind: 'layer',
    from: 'console',
    content: 'platform',
    settings: ['ENV NODE_ENV=production', `WORKDIR ${PROGRAM_DIR}`],
    expectedS: 2,
  },
}
