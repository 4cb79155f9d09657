import type { components } from './schema'

type Schemas = components['schemas']

export type ACL = Schemas['ACL']
export type Alert = Schemas['Alert']
export type Approval = Schemas['Approval']
export type Assignment = Schemas['Assignment']
export type Backup = Schemas['Backup']
export type Client = Schemas['Client']
export type Cluster = Schemas['ClusterState']
export type Copy = Schemas['Copy']
export type DrillReport = Schemas['DrillReport']
export type Event = Schemas['Event']
export type FileEntry = Schemas['File']
export type FileVersion = Schemas['FileVersion']
export type FoundFile = Schemas['FoundFile']
export type Group = Schemas['Group']
export type Impact = Schemas['Impact']
export type Job = Schemas['Job']
export type Line = Schemas['Line']
export type Me = Schemas['Me']
export type Node = Schemas['Node']
export type ProblemBody = Schemas['Problem']
export type Progress = Schemas['Progress']
export type Repository = Schemas['Repository']
export type Retention = Schemas['Retention']
export type RetentionPreview = Schemas['RetentionPreview']
export type Rule = Schemas['Rule']
export type Schedule = Schemas['Schedule']
export type ScheduleInput = Schemas['ScheduleInput']
export type Slots = Schemas['Slots']
export type Stats = Schemas['GridStats']
export type Task = Schemas['Task']
export type TaskInput = Schemas['TaskInput']
export type User = Schemas['User']
export type Verdict = Schemas['Verdict']

/** What every listing answers. */
export interface Page<T> {
  items: T[]
  total: number
  next?: string
}
