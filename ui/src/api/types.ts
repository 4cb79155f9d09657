import type { components } from './schema'

type Schemas = components['schemas']

export type Approval = Schemas['Approval']
export type Backup = Schemas['Backup']
export type Client = Schemas['Client']
export type Cluster = Schemas['ClusterState']
export type Event = Schemas['Event']
export type FileEntry = Schemas['File']
export type Group = Schemas['Group']
export type Me = Schemas['Me']
export type Node = Schemas['Node']
export type ProblemBody = Schemas['Problem']
export type Progress = Schemas['Progress']
export type Restore = Schemas['Job']
export type Stats = Schemas['GridStats']
export type Task = Schemas['Task']
export type User = Schemas['User']

/** What every listing answers. */
export interface Page<T> {
  items: T[]
  total: number
  next?: string
}
