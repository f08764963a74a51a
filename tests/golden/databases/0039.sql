BEGIN TRANSACTION;
CREATE TABLE access_grants (
	id VARCHAR NOT NULL, 
	disk_id VARCHAR NOT NULL, 
	level VARCHAR(40) NOT NULL, 
	secret_hash VARCHAR NOT NULL, 
	expires_at DATETIME NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_access_grants PRIMARY KEY (id)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0039');
CREATE TABLE audit_events (
	id VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	principal_id VARCHAR NOT NULL, 
	principal_name VARCHAR NOT NULL, 
	action VARCHAR NOT NULL, 
	scope VARCHAR NOT NULL, 
	scope_key VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	correlation_id VARCHAR NOT NULL, 
	detail VARCHAR NOT NULL, address VARCHAR DEFAULT '' NOT NULL, number INTEGER, hash VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_audit_events PRIMARY KEY (id)
);
INSERT INTO "audit_events" VALUES('41a399fa129843328af704c8d62c9411','2026-12-01 02:19:55.714421','52fb09f8-a371-46d5-b6cf-7cefcd078e82','admin','Microsoft.Resources/subscriptions/resourceGroups/write','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus','Succeeded','','','',NULL,'');
INSERT INTO "audit_events" VALUES('9c1b0e94a38f401f9804b4467d58926f','2026-12-01 02:19:55.722058','52fb09f8-a371-46d5-b6cf-7cefcd078e82','admin','Microsoft.Compute/galleries/write','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.compute/galleries/gal','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.compute/galleries/gal','Succeeded','','','',NULL,'');
INSERT INTO "audit_events" VALUES('1e8a31705f3145e39e9e2d49dd861879','2026-12-01 02:19:55.729879','52fb09f8-a371-46d5-b6cf-7cefcd078e82','admin','Microsoft.LabServices/labPlans/write','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labplans/labs','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labplans/labs','Succeeded','','','',NULL,'');
INSERT INTO "audit_events" VALUES('cc52e1a8585d47f3acf04b7b2109973a','2026-12-01 02:19:55.756198','52fb09f8-a371-46d5-b6cf-7cefcd078e82','admin','Microsoft.Compute/galleries/images/write','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.compute/galleries/gal/images/linux','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.compute/galleries/gal/images/linux','Succeeded','','','',NULL,'');
INSERT INTO "audit_events" VALUES('17bd55b10a5d4812999cc4560b660ba4','2026-12-01 02:19:55.763196','52fb09f8-a371-46d5-b6cf-7cefcd078e82','admin','Microsoft.Compute/galleries/images/versions/write','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.compute/galleries/gal/images/linux/versions/1.0.0','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.compute/galleries/gal/images/linux/versions/1.0.0','Succeeded','','','',NULL,'');
INSERT INTO "audit_events" VALUES('6e35c98375bf4129b325e953083b1eb3','2026-12-01 02:19:55.895213','93ee477c-ea12-4596-ba9c-fee93205579f','educator','Microsoft.LabServices/labs/write','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labs/algebra','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labs/algebra','Succeeded','','','',NULL,'');
INSERT INTO "audit_events" VALUES('18f041b4cf1243a8a63cd04fbd5ce425','2026-12-01 02:19:55.959422','93ee477c-ea12-4596-ba9c-fee93205579f','educator','Microsoft.LabServices/labs/virtualMachines/start/action','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labs/algebra/virtualmachines/template','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labs/algebra/virtualmachines/template','Succeeded','','','',NULL,'');
CREATE TABLE authorization_codes (
	id VARCHAR NOT NULL, 
	principal_id VARCHAR NOT NULL, 
	client_id VARCHAR NOT NULL, 
	redirect_uri VARCHAR NOT NULL, 
	scope VARCHAR NOT NULL, 
	challenge VARCHAR NOT NULL, 
	nonce VARCHAR NOT NULL, 
	family VARCHAR NOT NULL, 
	expires_at DATETIME NOT NULL, 
	used_at DATETIME, 
	CONSTRAINT pk_authorization_codes PRIMARY KEY (id), 
	CONSTRAINT fk_authorization_codes_principal_id FOREIGN KEY(principal_id) REFERENCES principals (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE boot_traces (
	digest VARCHAR(64) NOT NULL, 
	slots BLOB NOT NULL, 
	CONSTRAINT pk_boot_traces PRIMARY KEY (digest)
);
CREATE TABLE chunks (
	region VARCHAR(90) NOT NULL, 
	hash BLOB NOT NULL, 
	pack VARCHAR(64) NOT NULL, 
	"offset" BIGINT NOT NULL, 
	length INTEGER NOT NULL, 
	CONSTRAINT pk_chunks PRIMARY KEY (region, hash)
)
 WITHOUT ROWID

;
INSERT INTO "chunks" VALUES('brazilsouth',X'46CA735CE4632EC257FD5C02845BE49FE49D595291345EF6146145B9A1AA006D','b0de97a422237b5282a1653ee1bfd9ba-b14e18c3f96647e1',223,66);
INSERT INTO "chunks" VALUES('brazilsouth',X'77022989E81477B4ACD03D5843080214ED7E0516190577EF8CD28E84B6A61856','b0de97a422237b5282a1653ee1bfd9ba-b14e18c3f96647e1',91,66);
INSERT INTO "chunks" VALUES('brazilsouth',X'C50DE37CF6010CC3955EF6858C60C5E8B999D39EB6114A65FE85968E15DECDAF','b0de97a422237b5282a1653ee1bfd9ba-b14e18c3f96647e1',157,66);
INSERT INTO "chunks" VALUES('brazilsouth',X'F0E168052F9F651742E939BFDD679106F821FF6E198305420821DC93F564ECBE','b0de97a422237b5282a1653ee1bfd9ba-b14e18c3f96647e1',0,91);
CREATE TABLE class_messages (
	id VARCHAR NOT NULL, 
	lab_id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	sending VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	sender VARCHAR NOT NULL, 
	sent_at DATETIME NOT NULL, 
	shown_at DATETIME, 
	seen_at DATETIME, 
	CONSTRAINT pk_class_messages PRIMARY KEY (id), 
	CONSTRAINT fk_class_messages_lab_id FOREIGN KEY(lab_id) REFERENCES labs (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT fk_class_messages_user_id FOREIGN KEY(user_id) REFERENCES lab_users (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE credentials (
	id VARCHAR NOT NULL, 
	principal_id VARCHAR NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	secret_hash VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME, 
	CONSTRAINT pk_credentials PRIMARY KEY (id), 
	CONSTRAINT fk_credentials_principal_id FOREIGN KEY(principal_id) REFERENCES principals (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE device_codes (
	id VARCHAR NOT NULL, 
	user_code VARCHAR NOT NULL, 
	client_id VARCHAR NOT NULL, 
	scope VARCHAR NOT NULL, 
	issued_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	interval INTEGER NOT NULL, 
	polled_at DATETIME, 
	answer VARCHAR(40) NOT NULL, 
	principal_id VARCHAR, 
	CONSTRAINT pk_device_codes PRIMARY KEY (id), 
	CONSTRAINT fk_device_codes_principal_id FOREIGN KEY(principal_id) REFERENCES principals (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE disks (
	id VARCHAR NOT NULL, 
	resource_id VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	location VARCHAR NOT NULL, 
	tags JSON NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by VARCHAR NOT NULL, 
	modified_at DATETIME NOT NULL, 
	modified_by VARCHAR NOT NULL, 
	option VARCHAR(40) NOT NULL, 
	source VARCHAR NOT NULL, 
	disk_state VARCHAR(40) NOT NULL, 
	os_type VARCHAR(40), 
	generation VARCHAR(40), 
	architecture VARCHAR(40) NOT NULL, 
	sku VARCHAR NOT NULL, 
	upload_bytes BIGINT NOT NULL, 
	size BIGINT NOT NULL, 
	data_bytes BIGINT NOT NULL, 
	read_bytes BIGINT NOT NULL, 
	stored_bytes BIGINT NOT NULL, 
	digest VARCHAR NOT NULL, 
	accounts JSON NOT NULL, 
	failure VARCHAR NOT NULL, author_id VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_disks PRIMARY KEY (id)
);
CREATE TABLE external_identities (
	id VARCHAR NOT NULL, 
	issuer VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	principal_id VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, email VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_external_identities PRIMARY KEY (id), 
	CONSTRAINT fk_external_identities_principal_id FOREIGN KEY(principal_id) REFERENCES principals (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE failure_records (
	operation_id VARCHAR NOT NULL, 
	machine_id VARCHAR NOT NULL, 
	console VARCHAR NOT NULL, 
	picture BLOB NOT NULL, 
	CONSTRAINT pk_failure_records PRIMARY KEY (operation_id), 
	CONSTRAINT fk_failure_records_operation_id FOREIGN KEY(operation_id) REFERENCES operations (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT fk_failure_records_machine_id FOREIGN KEY(machine_id) REFERENCES lab_machines (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE favorite_labs (
	principal_id VARCHAR NOT NULL, 
	lab_id VARCHAR NOT NULL, 
	CONSTRAINT pk_favorite_labs PRIMARY KEY (principal_id, lab_id), 
	CONSTRAINT fk_favorite_labs_principal_id FOREIGN KEY(principal_id) REFERENCES principals (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT fk_favorite_labs_lab_id FOREIGN KEY(lab_id) REFERENCES labs (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE galleries (
	id VARCHAR NOT NULL, 
	resource_id VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	location VARCHAR NOT NULL, 
	tags JSON NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by VARCHAR NOT NULL, 
	modified_at DATETIME NOT NULL, 
	modified_by VARCHAR NOT NULL, 
	description VARCHAR NOT NULL, identity JSON DEFAULT '{}' NOT NULL, permissions VARCHAR(40) DEFAULT 'Private' NOT NULL, shared_subscriptions JSON DEFAULT '[]' NOT NULL, shared_tenants JSON DEFAULT '[]' NOT NULL, community JSON DEFAULT '{}' NOT NULL, public_name VARCHAR DEFAULT '' NOT NULL, community_enabled BOOLEAN DEFAULT 0 NOT NULL, soft_delete BOOLEAN DEFAULT 0 NOT NULL, retention_days INTEGER DEFAULT '7' NOT NULL, grace_days INTEGER DEFAULT '30' NOT NULL, 
	CONSTRAINT pk_galleries PRIMARY KEY (id)
);
INSERT INTO "galleries" VALUES('414c21533975449f9bb91f1e32c8e6f4','/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/campus/providers/Microsoft.Compute/galleries/gal','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.compute/galleries/gal','brazilsouth','{}','Succeeded','2026-12-01 02:19:55.728366','admin','2026-12-01 02:19:55.728366','admin','','{}','Private','[]','[]','{}','',0,0,7,30);
CREATE TABLE image_choices (
	account_id VARCHAR NOT NULL, 
	definition_id VARCHAR NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	CONSTRAINT pk_image_choices PRIMARY KEY (account_id, definition_id), 
	CONSTRAINT fk_image_choices_account_id FOREIGN KEY(account_id) REFERENCES lab_accounts (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT fk_image_choices_definition_id FOREIGN KEY(definition_id) REFERENCES image_definitions (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE image_definitions (
	id VARCHAR NOT NULL, 
	resource_id VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	location VARCHAR NOT NULL, 
	tags JSON NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by VARCHAR NOT NULL, 
	modified_at DATETIME NOT NULL, 
	modified_by VARCHAR NOT NULL, 
	gallery_id VARCHAR NOT NULL, 
	display_name VARCHAR NOT NULL, 
	os_type VARCHAR(40) NOT NULL, 
	os_state VARCHAR(40) NOT NULL, 
	generation VARCHAR(40) NOT NULL, 
	publisher VARCHAR NOT NULL, 
	offer VARCHAR NOT NULL, 
	sku VARCHAR NOT NULL, 
	description VARCHAR NOT NULL, architecture VARCHAR(40) DEFAULT 'x64' NOT NULL, eula VARCHAR DEFAULT '' NOT NULL, privacy_uri VARCHAR DEFAULT '' NOT NULL, release_note_uri VARCHAR DEFAULT '' NOT NULL, end_of_life DATETIME, recommended JSON DEFAULT '{}' NOT NULL, disallowed_disks JSON DEFAULT '[]' NOT NULL, purchase_plan JSON DEFAULT '{}' NOT NULL, features JSON DEFAULT '[]' NOT NULL, allow_update BOOLEAN DEFAULT 0 NOT NULL, author_id VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_image_definitions PRIMARY KEY (id), 
	CONSTRAINT fk_image_definitions_gallery_id FOREIGN KEY(gallery_id) REFERENCES galleries (id) DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO "image_definitions" VALUES('c2fa7123391e4f4c94123f6ffc0aa179','/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/campus/providers/Microsoft.Compute/galleries/gal/images/linux','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.compute/galleries/gal/images/linux','brazilsouth','{}','Succeeded','2026-12-01 02:19:55.759229','admin','2026-12-01 02:19:55.759229','admin','414c21533975449f9bb91f1e32c8e6f4','linux','Linux','Generalized','V1','campus','linux','linux','','x64','','','',NULL,'{}','[]','{}','[]',0,'52fb09f8-a371-46d5-b6cf-7cefcd078e82');
CREATE TABLE image_versions (
	id VARCHAR NOT NULL, 
	resource_id VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	location VARCHAR NOT NULL, 
	tags JSON NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by VARCHAR NOT NULL, 
	modified_at DATETIME NOT NULL, 
	modified_by VARCHAR NOT NULL, 
	definition_id VARCHAR NOT NULL, 
	source_kind VARCHAR(40) NOT NULL, 
	source_id VARCHAR NOT NULL, 
	exclude_from_latest BOOLEAN NOT NULL, 
	end_of_life DATETIME, 
	published_at DATETIME, 
	parent_digest VARCHAR, 
	accounts JSON NOT NULL, 
	failure VARCHAR NOT NULL, 
	deleted_at DATETIME, replica_count INTEGER DEFAULT '1' NOT NULL, storage_type VARCHAR(40) DEFAULT 'Standard_LRS' NOT NULL, replication_mode VARCHAR(40) DEFAULT 'Full' NOT NULL, allow_region_removal BOOLEAN DEFAULT 1 NOT NULL, block_early_deletion BOOLEAN DEFAULT 0 NOT NULL, retention VARCHAR(40) DEFAULT 'Active' NOT NULL, soft_deleted_at DATETIME, consumption_ends_at DATETIME, hard_deletion_at DATETIME, number_key VARCHAR DEFAULT '' NOT NULL, logical_bytes BIGINT DEFAULT '0' NOT NULL, found VARCHAR, look_obstacle VARCHAR DEFAULT '' NOT NULL, hardware VARCHAR, 
	CONSTRAINT pk_image_versions PRIMARY KEY (id)
);
INSERT INTO "image_versions" VALUES('cb938de8299f476f8f1dc5d5d8beea83','/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/campus/providers/Microsoft.Compute/galleries/gal/images/linux/versions/1.0.0','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.compute/galleries/gal/images/linux/versions/1.0.0','brazilsouth','{}','Succeeded','2026-12-01 02:19:55.770365','admin','2026-12-01 02:19:55.770365','admin','c2fa7123391e4f4c94123f6ffc0aa179','upload','06688d58b78a4aae96cb551bb0b5d871',0,NULL,'2026-12-01 02:19:55.848443',NULL,'[]','',NULL,1,'Standard_LRS','Full',1,0,'Active',NULL,NULL,NULL,'0000000001.0000000000.0000000000',1048576,NULL,'{"message": "This server has no machines, and so looks into no disks."}',NULL);
CREATE TABLE invitations (
	user_id VARCHAR NOT NULL, 
	invited_by VARCHAR NOT NULL, 
	language VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	tries INTEGER NOT NULL, 
	due_at DATETIME NOT NULL, 
	begun_at DATETIME, 
	failure VARCHAR NOT NULL, 
	welcome_hash VARCHAR NOT NULL, 
	welcome_until DATETIME, 
	CONSTRAINT pk_invitations PRIMARY KEY (user_id), 
	CONSTRAINT fk_invitations_user_id FOREIGN KEY(user_id) REFERENCES lab_users (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE kept_machines (
	id VARCHAR NOT NULL, 
	machine_id VARCHAR NOT NULL, 
	lab_id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	region VARCHAR NOT NULL, 
	base_digest VARCHAR NOT NULL, 
	revision INTEGER NOT NULL, 
	"row" JSON NOT NULL, 
	kept_at DATETIME NOT NULL, 
	kept_until DATETIME NOT NULL, 
	CONSTRAINT pk_kept_machines PRIMARY KEY (id)
);
CREATE TABLE lab_accounts (
	id VARCHAR NOT NULL, 
	resource_id VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	location VARCHAR NOT NULL, 
	tags JSON NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by VARCHAR NOT NULL, 
	modified_at DATETIME NOT NULL, 
	modified_by VARCHAR NOT NULL, 
	gallery_id VARCHAR, 
	allowed_regions JSON NOT NULL, 
	os_disk_limit_gb INTEGER NOT NULL, 
	enable_by_default BOOLEAN NOT NULL, profiles JSON DEFAULT '{}' NOT NULL, deleted_at DATETIME, 
	CONSTRAINT pk_lab_accounts PRIMARY KEY (id), 
	CONSTRAINT fk_lab_accounts_gallery_id FOREIGN KEY(gallery_id) REFERENCES galleries (id) DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO "lab_accounts" VALUES('869525b7d5fd42b9a9f070fc6f0e0c44','/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/campus/providers/Microsoft.LabServices/labPlans/labs','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labplans/labs','brazilsouth','{}','Succeeded','2026-12-01 02:19:55.732763','admin','2026-12-01 02:19:55.732871','admin','414c21533975449f9bb91f1e32c8e6f4','["brazilsouth", "brazilsoutheast", "westeurope", "northeurope"]',128,1,'{}',NULL);
CREATE TABLE lab_drafts (
	id VARCHAR NOT NULL, 
	resource_id VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	location VARCHAR NOT NULL, 
	tags JSON NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by VARCHAR NOT NULL, 
	modified_at DATETIME NOT NULL, 
	modified_by VARCHAR NOT NULL, 
	account_id VARCHAR NOT NULL, 
	capacity INTEGER NOT NULL, 
	usage_quota INTEGER NOT NULL, 
	open_access BOOLEAN NOT NULL, author_id VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_lab_drafts PRIMARY KEY (id), 
	CONSTRAINT fk_lab_drafts_account_id FOREIGN KEY(account_id) REFERENCES lab_accounts (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE lab_machines (
	id VARCHAR NOT NULL, 
	lab_id VARCHAR NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	name VARCHAR NOT NULL, 
	region VARCHAR NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	base_digest VARCHAR NOT NULL, 
	layer VARCHAR, 
	layer_digest VARCHAR, 
	ssh_port INTEGER NOT NULL, 
	user_name VARCHAR NOT NULL, 
	pending_password_hash VARCHAR NOT NULL, 
	retire_accounts JSON NOT NULL, 
	accounts JSON NOT NULL, 
	renew_identity BOOLEAN NOT NULL, 
	failure VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, claimed_by VARCHAR, has_agent BOOLEAN, is_on BOOLEAN DEFAULT 0 NOT NULL, pending_password VARCHAR DEFAULT '' NOT NULL, public_ssh_port INTEGER, public_rdp_port INTEGER, host_key VARCHAR DEFAULT '' NOT NULL, address VARCHAR DEFAULT '' NOT NULL, os_state VARCHAR(40) DEFAULT 'Generalized' NOT NULL, revision INTEGER DEFAULT '0' NOT NULL, is_prepared BOOLEAN DEFAULT 1 NOT NULL, start_cause VARCHAR DEFAULT '' NOT NULL, update_at_stop BOOLEAN DEFAULT 0 NOT NULL, image_percent INTEGER, image_problem VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_lab_machines PRIMARY KEY (id), 
	CONSTRAINT fk_lab_machines_lab_id FOREIGN KEY(lab_id) REFERENCES labs (id) DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO "lab_machines" VALUES('edd7d23298d84799a413fc72c1f4facd','6aa02732cf394b57b6c0d8a90ac33e1b','Template','template','brazilsouth','Running','2b5a8bcdf84a34f5455068cf19895ce23cb8b5c561d410b91d15aa2c1f5388db',NULL,NULL,27311,'educator','','[]','["educator"]',0,'','2026-12-01 02:19:55.891588',NULL,1,0,'',NULL,NULL,'','','Generalized',0,1,'educator',0,NULL,'');
CREATE TABLE lab_revisions (
	id VARCHAR NOT NULL, 
	lab_id VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	digest VARCHAR NOT NULL, 
	os_state VARCHAR(40) NOT NULL, 
	layer VARCHAR, 
	is_ready BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_lab_revisions PRIMARY KEY (id), 
	CONSTRAINT fk_lab_revisions_lab_id FOREIGN KEY(lab_id) REFERENCES labs (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE lab_schedules (
	id VARCHAR NOT NULL, 
	resource_id VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	location VARCHAR NOT NULL, 
	tags JSON NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by VARCHAR NOT NULL, 
	modified_at DATETIME NOT NULL, 
	modified_by VARCHAR NOT NULL, 
	lab_id VARCHAR NOT NULL, 
	start_at VARCHAR NOT NULL, 
	stop_at VARCHAR NOT NULL, 
	time_zone VARCHAR NOT NULL, 
	recurrence JSON NOT NULL, 
	notes VARCHAR NOT NULL, time_zone_name VARCHAR DEFAULT '' NOT NULL, changes JSON DEFAULT '[]' NOT NULL, times_changed_at DATETIME, 
	CONSTRAINT pk_lab_schedules PRIMARY KEY (id), 
	CONSTRAINT fk_lab_schedules_lab_id FOREIGN KEY(lab_id) REFERENCES labs (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE lab_users (
	id VARCHAR NOT NULL, 
	resource_id VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	location VARCHAR NOT NULL, 
	tags JSON NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by VARCHAR NOT NULL, 
	modified_at DATETIME NOT NULL, 
	modified_by VARCHAR NOT NULL, 
	lab_id VARCHAR NOT NULL, 
	email VARCHAR NOT NULL, 
	email_key VARCHAR NOT NULL, 
	display_name VARCHAR NOT NULL, 
	principal_id VARCHAR, 
	invitation VARCHAR(40) NOT NULL, 
	invitation_text VARCHAR NOT NULL, 
	invited_at DATETIME, 
	extra_quota INTEGER NOT NULL, 
	total_usage INTEGER NOT NULL, refilled_usage INTEGER DEFAULT '0' NOT NULL, refilled_at DATETIME, 
	CONSTRAINT pk_lab_users PRIMARY KEY (id), 
	CONSTRAINT fk_lab_users_lab_id FOREIGN KEY(lab_id) REFERENCES labs (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE labs (
	id VARCHAR NOT NULL, 
	resource_id VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	location VARCHAR NOT NULL, 
	tags JSON NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by VARCHAR NOT NULL, 
	modified_at DATETIME NOT NULL, 
	modified_by VARCHAR NOT NULL, 
	account_id VARCHAR NOT NULL, 
	title VARCHAR NOT NULL, 
	description VARCHAR NOT NULL, 
	definition_id VARCHAR NOT NULL, 
	image_id VARCHAR NOT NULL, 
	version_id VARCHAR NOT NULL, 
	version_name VARCHAR NOT NULL, 
	base_digest VARCHAR NOT NULL, 
	os_state VARCHAR(40) NOT NULL, 
	generation VARCHAR(40) NOT NULL, 
	size VARCHAR NOT NULL, 
	user_name VARCHAR NOT NULL, 
	lab_state VARCHAR(40) NOT NULL, 
	failure VARCHAR NOT NULL, create_option VARCHAR(40) DEFAULT 'TemplateVM' NOT NULL, capacity INTEGER DEFAULT '0' NOT NULL, usage_quota INTEGER DEFAULT '0' NOT NULL, open_access BOOLEAN DEFAULT 0 NOT NULL, registration_code VARCHAR DEFAULT '' NOT NULL, published_at DATETIME, profiles JSON DEFAULT '{}' NOT NULL, admin_hash VARCHAR DEFAULT '' NOT NULL, non_admin_user VARCHAR DEFAULT '' NOT NULL, non_admin_hash VARCHAR DEFAULT '' NOT NULL, author_id VARCHAR DEFAULT '' NOT NULL, os_type VARCHAR(40) DEFAULT 'Linux' NOT NULL, hardware VARCHAR, 
	CONSTRAINT pk_labs PRIMARY KEY (id), 
	CONSTRAINT fk_labs_version_id FOREIGN KEY(version_id) REFERENCES image_versions (id) DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO "labs" VALUES('6aa02732cf394b57b6c0d8a90ac33e1b','/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/campus/providers/Microsoft.LabServices/labs/algebra','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labs/algebra','brazilsouth','{}','Succeeded','2026-12-01 02:19:55.885718','educator','2026-12-01 02:19:55.885718','educator','869525b7d5fd42b9a9f070fc6f0e0c44','algebra','','c2fa7123391e4f4c94123f6ffc0aa179','/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/campus/providers/Microsoft.Compute/galleries/gal/images/linux','cb938de8299f476f8f1dc5d5d8beea83','1.0.0','2b5a8bcdf84a34f5455068cf19895ce23cb8b5c561d410b91d15aa2c1f5388db','Generalized','V1','Tiny','educator','Draft','','TemplateVM',0,0,0,'i1oe9WpSnn',NULL,'{"connectionProfile": {"webSshAccess": "Public", "webRdpAccess": "None", "clientSshAccess": "Public", "clientRdpAccess": "None"}, "autoShutdownProfile": {"shutdownOnDisconnect": "Disabled", "shutdownWhenNotConnected": "Disabled", "shutdownOnIdle": "None"}, "networkProfile": {}}','','','','93ee477c-ea12-4596-ba9c-fee93205579f','Linux','{"disk_bus":"virtio","network_card":"virtio","secure_boot":false,"tpm":false,"local_clock":false,"loader":"","firmware_variables":[]}');
CREATE TABLE leases (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	process_id VARCHAR NOT NULL, 
	is_exclusive BOOLEAN NOT NULL, 
	CONSTRAINT pk_leases PRIMARY KEY (id), 
	CONSTRAINT fk_leases_process_id FOREIGN KEY(process_id) REFERENCES processes (id) ON DELETE CASCADE
);
CREATE TABLE locks (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	scope VARCHAR NOT NULL, 
	scope_key VARCHAR NOT NULL, 
	level VARCHAR(40) NOT NULL, 
	notes VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by VARCHAR NOT NULL, 
	CONSTRAINT pk_locks PRIMARY KEY (id), 
	CONSTRAINT uq_locks_scope_key_name UNIQUE (scope_key, name)
);
CREATE TABLE machine_presence (
	machine_id VARCHAR NOT NULL, 
	running_since DATETIME NOT NULL, 
	looked_at DATETIME NOT NULL, 
	connected_at DATETIME, 
	typed_at DATETIME, 
	busy_at DATETIME, 
	kept_at DATETIME, 
	warned_at DATETIME, 
	sent_bytes BIGINT NOT NULL, 
	processor_seconds FLOAT NOT NULL, 
	reason VARCHAR(40), 
	CONSTRAINT pk_machine_presence PRIMARY KEY (machine_id), 
	CONSTRAINT fk_machine_presence_machine_id FOREIGN KEY(machine_id) REFERENCES lab_machines (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE machine_watchers (
	id VARCHAR NOT NULL, 
	machine_id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	what VARCHAR(40) NOT NULL, 
	seen_at DATETIME NOT NULL, 
	CONSTRAINT pk_machine_watchers PRIMARY KEY (id), 
	CONSTRAINT fk_machine_watchers_machine_id FOREIGN KEY(machine_id) REFERENCES lab_machines (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE managed_image_disks (
	image_id VARCHAR NOT NULL, 
	lun INTEGER NOT NULL, 
	source VARCHAR NOT NULL, 
	size BIGINT NOT NULL, 
	data_bytes BIGINT NOT NULL, 
	read_bytes BIGINT NOT NULL, 
	stored_bytes BIGINT NOT NULL, 
	digest VARCHAR NOT NULL, position INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_managed_image_disks PRIMARY KEY (image_id, lun), 
	CONSTRAINT fk_managed_image_disks_image_id FOREIGN KEY(image_id) REFERENCES managed_images (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE managed_images (
	id VARCHAR NOT NULL, 
	resource_id VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	location VARCHAR NOT NULL, 
	tags JSON NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by VARCHAR NOT NULL, 
	modified_at DATETIME NOT NULL, 
	modified_by VARCHAR NOT NULL, 
	os_type VARCHAR(40) NOT NULL, 
	os_state VARCHAR(40) NOT NULL, 
	generation VARCHAR(40) NOT NULL, 
	source_machine VARCHAR NOT NULL, 
	accounts JSON NOT NULL, 
	failure VARCHAR NOT NULL, 
	CONSTRAINT pk_managed_images PRIMARY KEY (id)
);
CREATE TABLE occurrence_records (
	schedule_id VARCHAR NOT NULL, 
	local_start VARCHAR NOT NULL, 
	lab_id VARCHAR NOT NULL, 
	started_at DATETIME, 
	stopped_at DATETIME, 
	to_start JSON NOT NULL, 
	to_stop JSON NOT NULL, 
	CONSTRAINT pk_occurrence_records PRIMARY KEY (schedule_id, local_start), 
	CONSTRAINT fk_occurrence_records_lab_id FOREIGN KEY(lab_id) REFERENCES labs (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE operation_steps (
	operation_id VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	region VARCHAR NOT NULL, 
	status VARCHAR(40) NOT NULL, 
	runs INTEGER NOT NULL, 
	bytes_done BIGINT NOT NULL, 
	bytes_total BIGINT NOT NULL, 
	started_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	updated_at DATETIME NOT NULL, 
	CONSTRAINT pk_operation_steps PRIMARY KEY (operation_id, name, region), 
	CONSTRAINT fk_operation_steps_operation_id FOREIGN KEY(operation_id) REFERENCES operations (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO "operation_steps" VALUES('cbc6ffd8-62d1-4c5a-b186-c9b43d78bc87',0,'Look at the file','','Succeeded',1,0,0,'2026-12-01 02:19:55.789873','2026-12-01 02:19:55.799722','2026-12-01 02:19:55.786858');
INSERT INTO "operation_steps" VALUES('cbc6ffd8-62d1-4c5a-b186-c9b43d78bc87',1,'Store the disk','','Succeeded',1,1048576,1048576,'2026-12-01 02:19:55.801960','2026-12-01 02:19:55.833878','2026-12-01 02:19:55.815643');
INSERT INTO "operation_steps" VALUES('cbc6ffd8-62d1-4c5a-b186-c9b43d78bc87',2,'Look inside the disk','','Succeeded',1,0,0,'2026-12-01 02:19:55.836574','2026-12-01 02:19:55.841391','2026-12-01 02:19:55.835963');
INSERT INTO "operation_steps" VALUES('cbc6ffd8-62d1-4c5a-b186-c9b43d78bc87',3,'Seal the version','','Succeeded',1,0,0,'2026-12-01 02:19:55.847626','2026-12-01 02:19:55.851433','2026-12-01 02:19:55.845079');
INSERT INTO "operation_steps" VALUES('cbc6ffd8-62d1-4c5a-b186-c9b43d78bc87',4,'Replicate to the other regions','','Succeeded',1,0,0,'2026-12-01 02:19:55.853562','2026-12-01 02:19:55.855121','2026-12-01 02:19:55.852845');
INSERT INTO "operation_steps" VALUES('cbc6ffd8-62d1-4c5a-b186-c9b43d78bc87',5,'Remove the uploaded file','','Succeeded',1,0,0,'2026-12-01 02:19:55.856897','2026-12-01 02:19:55.862525','2026-12-01 02:19:55.856293');
INSERT INTO "operation_steps" VALUES('26548207-222b-4ac3-9922-2c32957331ab',0,'Look inside the disk','','Succeeded',1,0,0,'2026-12-01 02:19:55.903401','2026-12-01 02:19:55.910463','2026-12-01 02:19:55.902794');
INSERT INTO "operation_steps" VALUES('26548207-222b-4ac3-9922-2c32957331ab',1,'Bring the image to the hosts','','Succeeded',1,1048576,1048576,'2026-12-01 02:19:55.912306','2026-12-01 02:19:55.923800','2026-12-01 02:19:55.918330');
INSERT INTO "operation_steps" VALUES('26548207-222b-4ac3-9922-2c32957331ab',2,'Make the template VM','','Succeeded',1,0,0,'2026-12-01 02:19:55.928132','2026-12-01 02:19:55.943223','2026-12-01 02:19:55.927513');
INSERT INTO "operation_steps" VALUES('26548207-222b-4ac3-9922-2c32957331ab',3,'Prepare its disk','','Succeeded',1,0,0,'2026-12-01 02:19:55.945258','2026-12-01 02:19:55.947615','2026-12-01 02:19:55.944607');
INSERT INTO "operation_steps" VALUES('26548207-222b-4ac3-9922-2c32957331ab',4,'Open the lab','','Succeeded',1,0,0,'2026-12-01 02:19:55.949311','2026-12-01 02:19:55.952294','2026-12-01 02:19:55.948747');
INSERT INTO "operation_steps" VALUES('f26a476a-803f-4d46-bdee-66451930be52',0,'Start the machine','','Succeeded',1,0,0,'2026-12-01 02:19:55.968285','2026-12-01 02:19:55.973636','2026-12-01 02:19:55.967741');
INSERT INTO "operation_steps" VALUES('f26a476a-803f-4d46-bdee-66451930be52',1,'Wait until it answers','','Succeeded',1,0,0,'2026-12-01 02:19:55.975639','2026-12-01 02:19:55.978553','2026-12-01 02:19:55.975061');
INSERT INTO "operation_steps" VALUES('f26a476a-803f-4d46-bdee-66451930be52',2,'Set the credentials','','Succeeded',1,0,0,'2026-12-01 02:19:55.982167','2026-12-01 02:19:55.984744','2026-12-01 02:19:55.981157');
INSERT INTO "operation_steps" VALUES('f26a476a-803f-4d46-bdee-66451930be52',3,'Open the way in','','Succeeded',1,0,0,'2026-12-01 02:19:55.986775','2026-12-01 02:19:55.989921','2026-12-01 02:19:55.986170');
INSERT INTO "operation_steps" VALUES('f26a476a-803f-4d46-bdee-66451930be52',4,'Running','','Succeeded',1,0,0,'2026-12-01 02:19:55.993078','2026-12-01 02:19:55.999672','2026-12-01 02:19:55.992501');
CREATE TABLE operations (
	id VARCHAR NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	status VARCHAR(40) NOT NULL, 
	attempt INTEGER NOT NULL, 
	subscription_id VARCHAR NOT NULL, 
	location VARCHAR NOT NULL, 
	resource_id VARCHAR NOT NULL, 
	resource_key VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	started_by VARCHAR NOT NULL, 
	inputs JSON NOT NULL, 
	outputs JSON NOT NULL, 
	cancel_requested BOOLEAN NOT NULL, 
	error_code VARCHAR NOT NULL, 
	error_message VARCHAR NOT NULL, 
	error_hint VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	CONSTRAINT pk_operations PRIMARY KEY (id)
);
INSERT INTO "operations" VALUES('cbc6ffd8-62d1-4c5a-b186-c9b43d78bc87','create_version','Succeeded',1,'11111111-2222-3333-4444-555555555555','brazilsouth','/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/campus/providers/Microsoft.Compute/galleries/gal/images/linux/versions/1.0.0','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.compute/galleries/gal/images/linux/versions/1.0.0','cb938de8299f476f8f1dc5d5d8beea83','52fb09f8-a371-46d5-b6cf-7cefcd078e82','{"origins": {"-1": {"kind": "upload", "name": "06688d58b78a4aae96cb551bb0b5d871", "region": "", "size": 0, "since": null, "parent": null, "grown": 0}}, "looks": true}','{"files": {"-1": {"format": "raw", "fileBytes": 1048576}}, "logicalBytes": 1048576, "readBytes": 1048576, "storedBytes": 712, "sentBytes": 0}',0,'','','','2026-12-01 02:19:55.779651','2026-12-01 02:19:55.864289');
INSERT INTO "operations" VALUES('26548207-222b-4ac3-9922-2c32957331ab','create_lab','Succeeded',1,'11111111-2222-3333-4444-555555555555','brazilsouth','/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/campus/providers/Microsoft.LabServices/labs/algebra','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labs/algebra','6aa02732cf394b57b6c0d8a90ac33e1b','93ee477c-ea12-4596-ba9c-fee93205579f','{"prepares": true}','{}',0,'','','','2026-12-01 02:19:55.896584','2026-12-01 02:19:55.953019');
INSERT INTO "operations" VALUES('f26a476a-803f-4d46-bdee-66451930be52','start_machine','Succeeded',1,'11111111-2222-3333-4444-555555555555','brazilsouth','/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/campus/providers/Microsoft.LabServices/labs/algebra','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labs/algebra','edd7d23298d84799a413fc72c1f4facd','93ee477c-ea12-4596-ba9c-fee93205579f','{}','{}',0,'','','','2026-12-01 02:19:55.960766','2026-12-01 02:19:56.000575');
CREATE TABLE packs (
	region VARCHAR(90) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	size BIGINT NOT NULL, 
	chunks INTEGER NOT NULL, verified BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_packs PRIMARY KEY (region, name)
)
 WITHOUT ROWID

;
INSERT INTO "packs" VALUES('brazilsouth','b0de97a422237b5282a1653ee1bfd9ba-b14e18c3f96647e1',477,4,0);
CREATE TABLE principals (
	id VARCHAR NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	name VARCHAR NOT NULL, 
	name_key VARCHAR NOT NULL, 
	display_name VARCHAR NOT NULL, 
	secret_hash VARCHAR NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, secret_expires_at DATETIME, tokens_not_before DATETIME, 
	CONSTRAINT pk_principals PRIMARY KEY (id)
);
INSERT INTO "principals" VALUES('52fb09f8-a371-46d5-b6cf-7cefcd078e82','User','admin','admin','Admin','',1,'2026-12-01 02:19:55.688856',NULL,NULL);
INSERT INTO "principals" VALUES('93ee477c-ea12-4596-ba9c-fee93205579f','User','educator','educator','Educator','',1,'2026-12-01 02:19:55.694809',NULL,NULL);
INSERT INTO "principals" VALUES('1dad61ac-5fd8-4e2c-a96f-08044960d3ac','User','colleague','colleague','Colleague','',1,'2026-12-01 02:19:55.697393',NULL,NULL);
INSERT INTO "principals" VALUES('06218c11-a035-45c4-bdbb-75dab9e124ba','User','nobody','nobody','Nobody','',1,'2026-12-01 02:19:55.697916',NULL,NULL);
CREATE TABLE processes (
	id VARCHAR NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	host VARCHAR NOT NULL, 
	pid INTEGER NOT NULL, 
	regions JSON NOT NULL, 
	started_at DATETIME NOT NULL, 
	beat_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	CONSTRAINT pk_processes PRIMARY KEY (id)
);
CREATE TABLE raised_hands (
	user_id VARCHAR NOT NULL, 
	lab_id VARCHAR NOT NULL, 
	raised_at DATETIME NOT NULL, 
	answered_at DATETIME, 
	answered_by VARCHAR NOT NULL, 
	CONSTRAINT pk_raised_hands PRIMARY KEY (user_id), 
	CONSTRAINT fk_raised_hands_user_id FOREIGN KEY(user_id) REFERENCES lab_users (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT fk_raised_hands_lab_id FOREIGN KEY(lab_id) REFERENCES labs (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE refresh_tokens (
	id VARCHAR NOT NULL, 
	family VARCHAR NOT NULL, 
	principal_id VARCHAR NOT NULL, 
	client_id VARCHAR NOT NULL, 
	issued_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	used_at DATETIME, 
	revoked_at DATETIME, parent VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_refresh_tokens PRIMARY KEY (id), 
	CONSTRAINT fk_refresh_tokens_principal_id FOREIGN KEY(principal_id) REFERENCES principals (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE replicas (
	version_id VARCHAR NOT NULL, 
	region VARCHAR NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	exclude_from_latest BOOLEAN, 
	bytes_done BIGINT NOT NULL, 
	bytes_total BIGINT NOT NULL, 
	sent_bytes BIGINT NOT NULL, 
	failure VARCHAR NOT NULL, 
	verified_at DATETIME, spelling VARCHAR DEFAULT '' NOT NULL, replica_count INTEGER, storage_type VARCHAR(40), definition_id VARCHAR DEFAULT '' NOT NULL, own_bytes BIGINT, chain VARCHAR, measured_at DATETIME, position INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_replicas PRIMARY KEY (version_id, region), 
	CONSTRAINT fk_replicas_version_id FOREIGN KEY(version_id) REFERENCES image_versions (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO "replicas" VALUES('cb938de8299f476f8f1dc5d5d8beea83','brazilsouth','Completed',NULL,0,0,0,'','2026-12-01 02:19:55.850225','brazilsouth',NULL,NULL,'c2fa7123391e4f4c94123f6ffc0aa179',NULL,NULL,NULL,0);
CREATE TABLE resource_groups (
	id VARCHAR NOT NULL, 
	resource_id VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	location VARCHAR NOT NULL, 
	tags JSON NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by VARCHAR NOT NULL, 
	modified_at DATETIME NOT NULL, 
	modified_by VARCHAR NOT NULL, 
	subscription_id VARCHAR NOT NULL, 
	CONSTRAINT pk_resource_groups PRIMARY KEY (id), 
	CONSTRAINT fk_resource_groups_subscription_id FOREIGN KEY(subscription_id) REFERENCES subscriptions (id) DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO "resource_groups" VALUES('4012473108854933a6ab513b1e266b8c','/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/campus','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus','brazilsouth','{}','Succeeded','2026-12-01 02:19:55.718779','admin','2026-12-01 02:19:55.718779','admin','11111111-2222-3333-4444-555555555555');
CREATE TABLE role_assignments (
	id VARCHAR NOT NULL, 
	principal_id VARCHAR NOT NULL, 
	role VARCHAR NOT NULL, 
	scope VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by VARCHAR NOT NULL, 
	CONSTRAINT pk_role_assignments PRIMARY KEY (id), 
	CONSTRAINT fk_role_assignments_principal_id FOREIGN KEY(principal_id) REFERENCES principals (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT uq_role_assignments_principal_id_role_scope UNIQUE (principal_id, role, scope)
);
INSERT INTO "role_assignments" VALUES('0ff8238b-ac2e-4898-b9d5-c2815f9b84ed','52fb09f8-a371-46d5-b6cf-7cefcd078e82','Owner','/subscriptions/11111111-2222-3333-4444-555555555555','2026-12-01 02:19:55.694306','52fb09f8-a371-46d5-b6cf-7cefcd078e82');
INSERT INTO "role_assignments" VALUES('20436cc0-42dd-4d1b-a3f0-a1062e6b3234','93ee477c-ea12-4596-ba9c-fee93205579f','Lab Creator','/subscriptions/11111111-2222-3333-4444-555555555555','2026-12-01 02:19:55.697257','93ee477c-ea12-4596-ba9c-fee93205579f');
INSERT INTO "role_assignments" VALUES('39d39499-6be9-4a09-aac9-e22e503c018e','1dad61ac-5fd8-4e2c-a96f-08044960d3ac','Lab Creator','/subscriptions/11111111-2222-3333-4444-555555555555','2026-12-01 02:19:55.697881','1dad61ac-5fd8-4e2c-a96f-08044960d3ac');
INSERT INTO "role_assignments" VALUES('7cb8accb-9f24-4fc9-8256-aedfec3fa585','93ee477c-ea12-4596-ba9c-fee93205579f','Owner','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labs/algebra','2026-12-01 02:19:55.895156','93ee477c-ea12-4596-ba9c-fee93205579f');
CREATE TABLE snapshots (
	id VARCHAR NOT NULL, 
	resource_id VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	location VARCHAR NOT NULL, 
	tags JSON NOT NULL, 
	state VARCHAR(40) NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by VARCHAR NOT NULL, 
	modified_at DATETIME NOT NULL, 
	modified_by VARCHAR NOT NULL, 
	option VARCHAR(40) NOT NULL, 
	source VARCHAR NOT NULL, 
	disk_state VARCHAR(40) NOT NULL, 
	os_type VARCHAR(40), 
	generation VARCHAR(40), 
	architecture VARCHAR(40) NOT NULL, 
	sku VARCHAR NOT NULL, 
	upload_bytes BIGINT NOT NULL, 
	size BIGINT NOT NULL, 
	data_bytes BIGINT NOT NULL, 
	read_bytes BIGINT NOT NULL, 
	stored_bytes BIGINT NOT NULL, 
	digest VARCHAR NOT NULL, 
	accounts JSON NOT NULL, 
	failure VARCHAR NOT NULL, 
	incremental BOOLEAN NOT NULL, immutable_days BIGINT DEFAULT '0' NOT NULL, immutable_since DATETIME, immutability_locked BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_snapshots PRIMARY KEY (id)
);
CREATE TABLE store_upkeep (
	region VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	begun_at DATETIME, 
	"after" VARCHAR NOT NULL, 
	done_bytes BIGINT NOT NULL, 
	left_bytes BIGINT NOT NULL, 
	damaged INTEGER NOT NULL, 
	finished_at DATETIME, 
	last_bytes BIGINT NOT NULL, 
	last_damaged INTEGER NOT NULL, 
	CONSTRAINT pk_store_upkeep PRIMARY KEY (region, kind)
);
CREATE TABLE subscriptions (
	id VARCHAR NOT NULL, 
	display_name VARCHAR NOT NULL, 
	CONSTRAINT pk_subscriptions PRIMARY KEY (id)
);
INSERT INTO "subscriptions" VALUES('11111111-2222-3333-4444-555555555555','Test');
CREATE TABLE uploads (
	id VARCHAR NOT NULL, 
	owner_id VARCHAR NOT NULL, 
	file_name VARCHAR NOT NULL, 
	length BIGINT NOT NULL, 
	"offset" BIGINT NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_uploads PRIMARY KEY (id)
);
CREATE TABLE usage_sessions (
	id VARCHAR NOT NULL, 
	lab_id VARCHAR NOT NULL, 
	machine_id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	cause VARCHAR(40) NOT NULL, 
	began_at DATETIME NOT NULL, 
	ended_at DATETIME NOT NULL, 
	is_open BOOLEAN NOT NULL, 
	warned INTEGER NOT NULL, 
	CONSTRAINT pk_usage_sessions PRIMARY KEY (id), 
	CONSTRAINT fk_usage_sessions_lab_id FOREIGN KEY(lab_id) REFERENCES labs (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE version_disks (
	version_id VARCHAR NOT NULL, 
	lun INTEGER NOT NULL, 
	size BIGINT NOT NULL, 
	data_bytes BIGINT NOT NULL, 
	read_bytes BIGINT NOT NULL, 
	stored_bytes BIGINT NOT NULL, 
	digest VARCHAR NOT NULL, position INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_version_disks PRIMARY KEY (version_id, lun), 
	CONSTRAINT fk_version_disks_version_id FOREIGN KEY(version_id) REFERENCES image_versions (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO "version_disks" VALUES('cb938de8299f476f8f1dc5d5d8beea83',-1,1048576,1048576,1048576,712,'2b5a8bcdf84a34f5455068cf19895ce23cb8b5c561d410b91d15aa2c1f5388db',-1);
CREATE TABLE web_sessions (
	id VARCHAR NOT NULL, 
	principal_id VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	seen_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	address VARCHAR NOT NULL, 
	browser VARCHAR NOT NULL, issuer VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_web_sessions PRIMARY KEY (id), 
	CONSTRAINT fk_web_sessions_principal_id FOREIGN KEY(principal_id) REFERENCES principals (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE work_disks (
	id VARCHAR NOT NULL, 
	region VARCHAR NOT NULL, 
	size_gib INTEGER NOT NULL, 
	lab_id VARCHAR NOT NULL, 
	lab_key VARCHAR NOT NULL, 
	lab_title VARCHAR NOT NULL, 
	author_id VARCHAR NOT NULL, 
	person VARCHAR NOT NULL, 
	email VARCHAR NOT NULL, 
	machine_id VARCHAR, 
	kept_until DATETIME, 
	is_mounted BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_work_disks PRIMARY KEY (id)
);
CREATE INDEX chunks_by_pack ON chunks (region, pack);
CREATE UNIQUE INDEX ix_resource_groups_key ON resource_groups ("key");
CREATE UNIQUE INDEX ix_principals_name_key ON principals (name_key);
CREATE INDEX ix_refresh_tokens_expires_at ON refresh_tokens (expires_at);
CREATE INDEX ix_refresh_tokens_family ON refresh_tokens (family);
CREATE INDEX ix_refresh_tokens_principal_id ON refresh_tokens (principal_id);
CREATE UNIQUE INDEX ix_galleries_key ON galleries ("key");
CREATE INDEX ix_image_definitions_gallery_id ON image_definitions (gallery_id);
CREATE UNIQUE INDEX ix_image_definitions_key ON image_definitions ("key");
CREATE INDEX ix_image_versions_definition_id ON image_versions (definition_id);
CREATE UNIQUE INDEX ix_image_versions_key ON image_versions ("key") WHERE deleted_at IS NULL;
CREATE INDEX ix_replicas_region ON replicas (region);
CREATE INDEX ix_lab_accounts_gallery_id ON lab_accounts (gallery_id);
CREATE UNIQUE INDEX ix_lab_accounts_key ON lab_accounts ("key");
CREATE INDEX ix_image_choices_definition_id ON image_choices (definition_id);
CREATE INDEX ix_labs_account_id ON labs (account_id);
CREATE INDEX ix_labs_definition_id ON labs (definition_id);
CREATE UNIQUE INDEX ix_labs_key ON labs ("key");
CREATE INDEX ix_labs_version_id ON labs (version_id);
CREATE INDEX ix_lab_machines_lab_id ON lab_machines (lab_id);
CREATE INDEX ix_lab_machines_region ON lab_machines (region);
CREATE UNIQUE INDEX ix_lab_machines_ssh_port ON lab_machines (ssh_port);
CREATE INDEX ix_operations_created_at ON operations (created_at);
CREATE INDEX ix_operations_resource_key ON operations (resource_key);
CREATE INDEX ix_operations_status ON operations (status, created_at);
CREATE INDEX ix_operations_subject ON operations (subject);
CREATE INDEX ix_audit_events_at ON audit_events (at);
CREATE INDEX ix_audit_events_scope_key ON audit_events (scope_key);
CREATE INDEX ix_image_versions_hard_deletion_at ON image_versions (hard_deletion_at);
CREATE UNIQUE INDEX ix_disks_key ON disks ("key");
CREATE INDEX ix_disks_location ON disks (location);
CREATE UNIQUE INDEX ix_snapshots_key ON snapshots ("key");
CREATE INDEX ix_snapshots_location ON snapshots (location);
CREATE UNIQUE INDEX ix_managed_images_key ON managed_images ("key");
CREATE INDEX ix_managed_images_location ON managed_images (location);
CREATE INDEX ix_access_grants_disk_id ON access_grants (disk_id);
CREATE INDEX ix_labs_registration_code ON labs (registration_code);
CREATE UNIQUE INDEX ix_lab_users_key ON lab_users ("key");
CREATE INDEX ix_lab_users_lab_id ON lab_users (lab_id);
CREATE INDEX ix_lab_users_principal_id ON lab_users (principal_id);
CREATE UNIQUE INDEX ix_lab_schedules_key ON lab_schedules ("key");
CREATE INDEX ix_lab_schedules_lab_id ON lab_schedules (lab_id);
CREATE INDEX ix_lab_drafts_account_id ON lab_drafts (account_id);
CREATE UNIQUE INDEX ix_lab_drafts_key ON lab_drafts ("key");
CREATE INDEX ix_favorite_labs_lab_id ON favorite_labs (lab_id);
CREATE INDEX ix_favorite_labs_principal_id ON favorite_labs (principal_id);
CREATE INDEX ix_credentials_principal_id ON credentials (principal_id);
CREATE UNIQUE INDEX ix_credentials_secret_hash ON credentials (secret_hash);
CREATE INDEX ix_device_codes_expires_at ON device_codes (expires_at);
CREATE INDEX ix_device_codes_principal_id ON device_codes (principal_id);
CREATE UNIQUE INDEX ix_device_codes_user_code ON device_codes (user_code);
CREATE INDEX ix_authorization_codes_expires_at ON authorization_codes (expires_at);
CREATE INDEX ix_authorization_codes_principal_id ON authorization_codes (principal_id);
CREATE INDEX ix_web_sessions_expires_at ON web_sessions (expires_at);
CREATE INDEX ix_web_sessions_principal_id ON web_sessions (principal_id);
CREATE INDEX ix_image_versions_number ON image_versions (definition_id, number_key);
CREATE INDEX ix_image_versions_source_id ON image_versions (source_id);
CREATE INDEX ix_uploads_owner_id ON uploads (owner_id);
CREATE UNIQUE INDEX ix_external_identities_subject ON external_identities (issuer, subject);
CREATE INDEX ix_external_identities_principal_id ON external_identities (principal_id);
CREATE INDEX ix_audit_events_correlation_id ON audit_events (correlation_id);
CREATE INDEX ix_image_versions_there ON image_versions (definition_id, deleted_at, retention, logical_bytes);
CREATE INDEX ix_image_versions_offered ON image_versions (definition_id, number_key, id) WHERE deleted_at IS NULL AND published_at IS NOT NULL AND state != 'Deleting' AND retention = 'Active';
CREATE INDEX ix_image_versions_put_aside ON image_versions (definition_id, hard_deletion_at, id) WHERE deleted_at IS NULL AND hard_deletion_at IS NOT NULL;
CREATE INDEX ix_replicas_copies ON replicas (definition_id, region, own_bytes);
CREATE INDEX ix_replicas_measured ON replicas (definition_id, measured_at);
CREATE UNIQUE INDEX ix_audit_events_number ON audit_events (number);
CREATE INDEX ix_labs_author_id ON labs (author_id);
CREATE INDEX ix_lab_drafts_author_id ON lab_drafts (author_id);
CREATE INDEX ix_disks_disk_state ON disks (disk_state, upload_bytes);
CREATE INDEX ix_failure_records_machine_id ON failure_records (machine_id);
CREATE UNIQUE INDEX ix_lab_machines_public_ssh_port ON lab_machines (public_ssh_port);
CREATE UNIQUE INDEX ix_lab_machines_public_rdp_port ON lab_machines (public_rdp_port);
CREATE INDEX ix_lab_revisions_lab_id ON lab_revisions (lab_id);
CREATE UNIQUE INDEX ix_lab_revisions_number ON lab_revisions (lab_id, number);
CREATE INDEX ix_occurrence_records_lab_id ON occurrence_records (lab_id);
CREATE INDEX ix_occurrence_records_stopped_at ON occurrence_records (stopped_at);
CREATE INDEX ix_usage_sessions_lab_id ON usage_sessions (lab_id);
CREATE INDEX ix_usage_sessions_user_id ON usage_sessions (user_id);
CREATE UNIQUE INDEX ix_usage_sessions_open ON usage_sessions (machine_id) WHERE is_open;
CREATE UNIQUE INDEX ix_lab_users_address ON lab_users (lab_id, email_key);
CREATE UNIQUE INDEX ix_lab_users_person ON lab_users (lab_id, principal_id);
CREATE UNIQUE INDEX ix_lab_machines_claimed_by ON lab_machines (claimed_by);
CREATE INDEX ix_invitations_user_id ON invitations (user_id);
CREATE INDEX ix_invitations_welcome_hash ON invitations (welcome_hash);
CREATE INDEX ix_work_disks_lab_id ON work_disks (lab_id);
CREATE INDEX ix_work_disks_kept_until ON work_disks (kept_until);
CREATE UNIQUE INDEX ix_work_disks_machine_id ON work_disks (machine_id);
CREATE INDEX ix_kept_machines_machine_id ON kept_machines (machine_id);
CREATE INDEX ix_kept_machines_lab_id ON kept_machines (lab_id);
CREATE INDEX ix_kept_machines_kept_until ON kept_machines (kept_until);
CREATE INDEX ix_class_messages_lab_id ON class_messages (lab_id);
CREATE INDEX ix_class_messages_user_id ON class_messages (user_id);
CREATE INDEX ix_class_messages_sent_at ON class_messages (sent_at);
CREATE INDEX ix_raised_hands_lab_id ON raised_hands (lab_id);
CREATE INDEX ix_machine_watchers_machine_id ON machine_watchers (machine_id);
CREATE INDEX ix_processes_beat_at ON processes (beat_at);
CREATE INDEX ix_leases_name ON leases (name);
CREATE INDEX ix_leases_process_id ON leases (process_id);
COMMIT;
