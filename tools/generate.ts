import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { renderPerformance } from '#bench/render.ts'
import { BenchReport } from '#bench/report.ts'
import { API } from '#contract/api.ts'
import manifest from '#package.json' with { type: 'json' }
import { renderOpenApi } from '#platform/status/openapi.ts'
import { buildProgram } from '#runtime/cli/program.ts'
import { readJson } from '#runtime/drivers/files.ts'
import { renderApi, renderConfig, renderErrors, renderLimits } from './reference.ts'
import { renderCli } from './reference-cli.ts'
import { renderEnvironment } from './reference-environment.ts'
import { renderPromises } from './reference-promises.ts'
import { ROOT } from './source-tree.ts'

/** An installation's own /openapi.json names its own address. */
const SERVER = { version: manifest.version, url: 'https://maru.localhost' }

/** The generated documents: path → text. */
export async function generate(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ...(await performance()),
    ['docs/reference/api.md', renderApi(API)],
    ['docs/reference/cli.md', renderCli(buildProgram())],
    ['docs/reference/config.md', renderConfig()],
    ['docs/reference/environment.md', renderEnvironment()],
    ['docs/reference/errors.md', renderErrors()],
    ['docs/reference/limits.md', renderLimits()],
    ['docs/reference/promises.md', renderPromises()],
    ['docs/reference/openapi.json', `${JSON.stringify(renderOpenApi(API, SERVER), null, 2)}\n`],
  ])
}

/** The figures of the last `maru bench`, for people; none before the first. */
async function performance(): Promise<Array<[string, string]>> {
  const measured = await readJson(join(ROOT, 'docs/performance.json'))
  return measured === undefined
    ? []
    : [['docs/performance.md', renderPerformance(BenchReport.parse(measured))]]
}

/** Generated documents whose file is absent or different. */
export async function staleDocuments(): Promise<string[]> {
  const stale: string[] = []
  for (const [path, text] of await generate()) {
    const have = await readFile(join(ROOT, path), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (have !== text) stale.push(path)
  }
  return stale
}

if (import.meta.main)
  for (const [path, text] of await generate()) {
    await mkdir(dirname(join(ROOT, path)), { recursive: true })
    await writeFile(join(ROOT, path), text)
  }
