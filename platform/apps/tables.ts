import type { ColumnType, Generated, Selectable } from 'kysely'
import type { BuildRecipe, Traffic } from '#contract/agent.ts'
import type { ReleaseState } from '#contract/apps.ts'
import type { AppId, AppName, SourceId } from '#contract/ids.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'

/** The database or a transaction of it. */
export type Db = ServerDeps['db']
type Json<T> = ColumnType<T, string, string>
type Size = ColumnType<number, number, number>

interface AppTable {
  id: AppId
  name: AppName
  team_id: string
  created_at: Generated<Date>
  config_sealed: string | null
  release: number | null
  epoch: Generated<number>
  next_release: Generated<number>
}
interface SourceTable {
  id: SourceId
  app_id: string
  file: string
  size_bytes: Size
  files: number
  recipe: Json<BuildRecipe>
  processes: Json<Record<string, string>>
  created_at: Generated<Date>
  /** Where its file is; null as `InstanceTable.host` is empty. */
  host: string | null
}
interface ReleaseTable {
  app_id: string
  version: number
  state: ReleaseState
  reason: string
  created_at: Generated<Date>
  created_by: string
  recipe: Json<BuildRecipe>
  processes: Json<Record<string, string>>
  config_sealed: string | null
  database_rotation: number
  image: string | null
  stack: string | null
  slug_file: string | null
  slug_bytes: Size | null
  /** Where its slug is, and its image in any case; null as above. */
  built_on: string | null
  next_image: string | null
  next_stack: string | null
}
interface InstanceTable {
  app_id: string
  process: string
  index: number
  release: number
  epoch: number
  traffic: Traffic
  image: string | null
  /** Empty in what is older than the second host. */
  host: string
  placed_at: Generated<Date>
  /** It came here by a move that could have waited. */
  moved: Generated<boolean>
  /** Since when another host takes it over. */
  leaving_since: Date | null
}
type Tables = {
  apps_app: AppTable
  apps_source: SourceTable
  apps_release: ReleaseTable
  apps_formation: { app_id: string; process: string; count: number }
  apps_instance: InstanceTable
}

export type AppRow = Selectable<AppTable>
export type SourceRow = Selectable<SourceTable>
export type ReleaseRow = Selectable<ReleaseTable>
export type InstanceRow = Selectable<InstanceTable>

/** The tables of this capability. */
export const apps = (db: Db) => db.withTables<Tables>()
