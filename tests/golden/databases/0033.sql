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
INSERT INTO "alembic_version" VALUES('0033');
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
INSERT INTO "audit_events" VALUES('c26d122e0e044d14ade3ecc42e783149','2026-12-01 01:32:02.955406','4e8b87d0-4aae-4e37-a5c8-247647421d86','admin','Microsoft.Resources/subscriptions/resourceGroups/write','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus','Succeeded','','','',NULL,'');
INSERT INTO "audit_events" VALUES('c9a617adff7d4e45b580706e968f29d4','2026-12-01 01:32:02.959850','4e8b87d0-4aae-4e37-a5c8-247647421d86','admin','Microsoft.Compute/galleries/write','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.compute/galleries/gal','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.compute/galleries/gal','Succeeded','','','',NULL,'');
INSERT INTO "audit_events" VALUES('d314ad8081844739a1538c254538b54f','2026-12-01 01:32:02.974365','4e8b87d0-4aae-4e37-a5c8-247647421d86','admin','Microsoft.LabServices/labPlans/write','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labplans/labs','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labplans/labs','Succeeded','','','',NULL,'');
INSERT INTO "audit_events" VALUES('ae75620aa5fc47b382373194e1a5175a','2026-12-01 01:32:03.025194','4e8b87d0-4aae-4e37-a5c8-247647421d86','admin','Microsoft.Compute/galleries/images/write','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.compute/galleries/gal/images/linux','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.compute/galleries/gal/images/linux','Succeeded','','','',NULL,'');
INSERT INTO "audit_events" VALUES('ccd66e282b4d4a658f2ac75e570f5f0c','2026-12-01 01:32:03.034845','4e8b87d0-4aae-4e37-a5c8-247647421d86','admin','Microsoft.Compute/galleries/images/versions/write','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.compute/galleries/gal/images/linux/versions/1.0.0','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.compute/galleries/gal/images/linux/versions/1.0.0','Succeeded','','','',NULL,'');
INSERT INTO "audit_events" VALUES('11a96ea933b04d71a3abcfd6cc05d831','2026-12-01 01:32:03.436840','f0e5dfac-7278-4754-a132-5e7aa79a0012','educator','Microsoft.LabServices/labs/write','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labs/algebra','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labs/algebra','Succeeded','','','',NULL,'');
INSERT INTO "audit_events" VALUES('de3fbc2bfe274cf1a703e7298d4d1b70','2026-12-01 01:32:03.603804','f0e5dfac-7278-4754-a132-5e7aa79a0012','educator','Microsoft.LabServices/labs/virtualMachines/start/action','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labs/algebra/virtualmachines/template','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labs/algebra/virtualmachines/template','Succeeded','','','',NULL,'');
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
INSERT INTO "chunks" VALUES('brazilsouth',X'46CA735CE4632EC257FD5C02845BE49FE49D595291345EF6146145B9A1AA006D','b0de97a422237b5282a1653ee1bfd9ba',223,66);
INSERT INTO "chunks" VALUES('brazilsouth',X'77022989E81477B4ACD03D5843080214ED7E0516190577EF8CD28E84B6A61856','b0de97a422237b5282a1653ee1bfd9ba',91,66);
INSERT INTO "chunks" VALUES('brazilsouth',X'C50DE37CF6010CC3955EF6858C60C5E8B999D39EB6114A65FE85968E15DECDAF','b0de97a422237b5282a1653ee1bfd9ba',157,66);
INSERT INTO "chunks" VALUES('brazilsouth',X'F0E168052F9F651742E939BFDD679106F821FF6E198305420821DC93F564ECBE','b0de97a422237b5282a1653ee1bfd9ba',0,91);
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
INSERT INTO "galleries" VALUES('0680e183172a4477b727b854eba76119','/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/campus/providers/Microsoft.Compute/galleries/gal','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.compute/galleries/gal','brazilsouth','{}','Succeeded','2026-12-01 01:32:02.965240','admin','2026-12-01 01:32:02.965240','admin','','{}','Private','[]','[]','{}','',0,0,7,30);
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
INSERT INTO "image_definitions" VALUES('9ec6de859d81406382fb6e27b4b2f4d5','/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/campus/providers/Microsoft.Compute/galleries/gal/images/linux','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.compute/galleries/gal/images/linux','brazilsouth','{}','Succeeded','2026-12-01 01:32:03.031422','admin','2026-12-01 01:32:03.031422','admin','0680e183172a4477b727b854eba76119','linux','Linux','Generalized','V1','campus','linux','linux','','x64','','','',NULL,'{}','[]','{}','[]',0,'4e8b87d0-4aae-4e37-a5c8-247647421d86');
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
INSERT INTO "image_versions" VALUES('dd3a5515bea94e069c0e06930d067fb7','/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/campus/providers/Microsoft.Compute/galleries/gal/images/linux/versions/1.0.0','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.compute/galleries/gal/images/linux/versions/1.0.0','brazilsouth','{}','Succeeded','2026-12-01 01:32:03.054267','admin','2026-12-01 01:32:03.054267','admin','9ec6de859d81406382fb6e27b4b2f4d5','upload','299810a162fa428bb288a635b521a100',0,NULL,'2026-12-01 01:32:03.294326',NULL,'[]','',NULL,1,'Standard_LRS','Full',1,0,'Active',NULL,NULL,NULL,'0000000001.0000000000.0000000000',1048576,NULL,'{"message": "This server has no machines, and so looks into no disks."}',NULL);
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
INSERT INTO "lab_accounts" VALUES('73f926e8e0bb4785b5b64a4b4b138eab','/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/campus/providers/Microsoft.LabServices/labPlans/labs','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labplans/labs','brazilsouth','{}','Succeeded','2026-12-01 01:32:02.976559','admin','2026-12-01 01:32:02.976664','admin','0680e183172a4477b727b854eba76119','["brazilsouth", "brazilsoutheast", "westeurope", "northeurope"]',128,1,'{}',NULL);
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
	created_at DATETIME NOT NULL, claimed_by VARCHAR, has_agent BOOLEAN, is_on BOOLEAN DEFAULT 0 NOT NULL, pending_password VARCHAR DEFAULT '' NOT NULL, public_ssh_port INTEGER, public_rdp_port INTEGER, host_key VARCHAR DEFAULT '' NOT NULL, address VARCHAR DEFAULT '' NOT NULL, os_state VARCHAR(40) DEFAULT 'Generalized' NOT NULL, revision INTEGER DEFAULT '0' NOT NULL, is_prepared BOOLEAN DEFAULT 1 NOT NULL, start_cause VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_lab_machines PRIMARY KEY (id), 
	CONSTRAINT fk_lab_machines_lab_id FOREIGN KEY(lab_id) REFERENCES labs (id) DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO "lab_machines" VALUES('504146d7c813403ea341f7f4726b76d7','2bfb634d9f2e48cfbecc3afe8501fdd8','Template','template','brazilsouth','Running','2b5a8bcdf84a34f5455068cf19895ce23cb8b5c561d410b91d15aa2c1f5388db',NULL,NULL,28554,'educator','','[]','["educator"]',0,'','2026-12-01 01:32:03.431078',NULL,1,0,'',NULL,NULL,'','','Generalized',0,1,'educator');
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
INSERT INTO "labs" VALUES('2bfb634d9f2e48cfbecc3afe8501fdd8','/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/campus/providers/Microsoft.LabServices/labs/algebra','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labs/algebra','brazilsouth','{}','Succeeded','2026-12-01 01:32:03.414169','educator','2026-12-01 01:32:03.414169','educator','73f926e8e0bb4785b5b64a4b4b138eab','algebra','','9ec6de859d81406382fb6e27b4b2f4d5','/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/campus/providers/Microsoft.Compute/galleries/gal/images/linux','dd3a5515bea94e069c0e06930d067fb7','1.0.0','2b5a8bcdf84a34f5455068cf19895ce23cb8b5c561d410b91d15aa2c1f5388db','Generalized','V1','Tiny','educator','Draft','','TemplateVM',0,0,0,'Q1Vx7WPhsB',NULL,'{"connectionProfile": {"webSshAccess": "Public", "webRdpAccess": "None", "clientSshAccess": "Public", "clientRdpAccess": "None"}, "autoShutdownProfile": {"shutdownOnDisconnect": "Disabled", "shutdownWhenNotConnected": "Disabled", "shutdownOnIdle": "None"}, "networkProfile": {}}','','','','f0e5dfac-7278-4754-a132-5e7aa79a0012','Linux','{"disk_bus":"virtio","network_card":"virtio","secure_boot":false,"tpm":false,"local_clock":false,"loader":"","firmware_variables":[]}');
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
INSERT INTO "operation_steps" VALUES('b0a4af44-ef96-4a93-80e0-744c34cf3846',0,'Look at the file','','Succeeded',1,0,0,'2026-12-01 01:32:03.099989','2026-12-01 01:32:03.137825','2026-12-01 01:32:03.096855');
INSERT INTO "operation_steps" VALUES('b0a4af44-ef96-4a93-80e0-744c34cf3846',1,'Store the disk','','Succeeded',1,1048576,1048576,'2026-12-01 01:32:03.140628','2026-12-01 01:32:03.264411','2026-12-01 01:32:03.198995');
INSERT INTO "operation_steps" VALUES('b0a4af44-ef96-4a93-80e0-744c34cf3846',2,'Look inside the disk','','Succeeded',1,0,0,'2026-12-01 01:32:03.271552','2026-12-01 01:32:03.286999','2026-12-01 01:32:03.270875');
INSERT INTO "operation_steps" VALUES('b0a4af44-ef96-4a93-80e0-744c34cf3846',3,'Seal the version','','Succeeded',1,0,0,'2026-12-01 01:32:03.288956','2026-12-01 01:32:03.302784','2026-12-01 01:32:03.288343');
INSERT INTO "operation_steps" VALUES('b0a4af44-ef96-4a93-80e0-744c34cf3846',4,'Replicate to the other regions','','Succeeded',1,0,0,'2026-12-01 01:32:03.304743','2026-12-01 01:32:03.312621','2026-12-01 01:32:03.304113');
INSERT INTO "operation_steps" VALUES('b0a4af44-ef96-4a93-80e0-744c34cf3846',5,'Remove the uploaded file','','Succeeded',1,0,0,'2026-12-01 01:32:03.318749','2026-12-01 01:32:03.341076','2026-12-01 01:32:03.318096');
INSERT INTO "operation_steps" VALUES('a02d67a4-153d-434e-b442-e225d805f05b',0,'Look inside the disk','','Succeeded',1,0,0,'2026-12-01 01:32:03.451983','2026-12-01 01:32:03.467441','2026-12-01 01:32:03.451273');
INSERT INTO "operation_steps" VALUES('a02d67a4-153d-434e-b442-e225d805f05b',1,'Bring the image to the hosts','','Succeeded',1,1048576,1048576,'2026-12-01 01:32:03.469220','2026-12-01 01:32:03.501262','2026-12-01 01:32:03.489016');
INSERT INTO "operation_steps" VALUES('a02d67a4-153d-434e-b442-e225d805f05b',2,'Make the template VM','','Succeeded',1,0,0,'2026-12-01 01:32:03.504588','2026-12-01 01:32:03.540872','2026-12-01 01:32:03.503983');
INSERT INTO "operation_steps" VALUES('a02d67a4-153d-434e-b442-e225d805f05b',3,'Prepare its disk','','Succeeded',1,0,0,'2026-12-01 01:32:03.543437','2026-12-01 01:32:03.559068','2026-12-01 01:32:03.542616');
INSERT INTO "operation_steps" VALUES('a02d67a4-153d-434e-b442-e225d805f05b',4,'Open the lab','','Succeeded',1,0,0,'2026-12-01 01:32:03.566569','2026-12-01 01:32:03.574687','2026-12-01 01:32:03.565735');
INSERT INTO "operation_steps" VALUES('a6448f50-1f2c-41df-9ace-6b27676ed966',0,'Start the machine','','Succeeded',1,0,0,'2026-12-01 01:32:03.631364','2026-12-01 01:32:03.649829','2026-12-01 01:32:03.630593');
INSERT INTO "operation_steps" VALUES('a6448f50-1f2c-41df-9ace-6b27676ed966',1,'Wait until it answers','','Succeeded',1,0,0,'2026-12-01 01:32:03.652021','2026-12-01 01:32:03.667014','2026-12-01 01:32:03.651400');
INSERT INTO "operation_steps" VALUES('a6448f50-1f2c-41df-9ace-6b27676ed966',2,'Set the credentials','','Succeeded',1,0,0,'2026-12-01 01:32:03.669053','2026-12-01 01:32:03.683717','2026-12-01 01:32:03.668455');
INSERT INTO "operation_steps" VALUES('a6448f50-1f2c-41df-9ace-6b27676ed966',3,'Open the way in','','Succeeded',1,0,0,'2026-12-01 01:32:03.690192','2026-12-01 01:32:03.697500','2026-12-01 01:32:03.685326');
INSERT INTO "operation_steps" VALUES('a6448f50-1f2c-41df-9ace-6b27676ed966',4,'Running','','Succeeded',1,0,0,'2026-12-01 01:32:03.704115','2026-12-01 01:32:03.713033','2026-12-01 01:32:03.703474');
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
INSERT INTO "operations" VALUES('b0a4af44-ef96-4a93-80e0-744c34cf3846','create_version','Succeeded',1,'11111111-2222-3333-4444-555555555555','brazilsouth','/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/campus/providers/Microsoft.Compute/galleries/gal/images/linux/versions/1.0.0','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.compute/galleries/gal/images/linux/versions/1.0.0','dd3a5515bea94e069c0e06930d067fb7','4e8b87d0-4aae-4e37-a5c8-247647421d86','{"origins": {"-1": {"kind": "upload", "name": "299810a162fa428bb288a635b521a100", "region": "", "size": 0, "since": null, "parent": null, "grown": 0}}, "looks": true}','{"files": {"-1": {"format": "raw", "fileBytes": 1048576}}, "logicalBytes": 1048576, "readBytes": 1048576, "storedBytes": 712, "sentBytes": 0}',0,'','','','2026-12-01 01:32:03.083276','2026-12-01 01:32:03.347836');
INSERT INTO "operations" VALUES('a02d67a4-153d-434e-b442-e225d805f05b','create_lab','Succeeded',1,'11111111-2222-3333-4444-555555555555','brazilsouth','/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/campus/providers/Microsoft.LabServices/labs/algebra','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labs/algebra','2bfb634d9f2e48cfbecc3afe8501fdd8','f0e5dfac-7278-4754-a132-5e7aa79a0012','{"prepares": true}','{}',0,'','','','2026-12-01 01:32:03.438448','2026-12-01 01:32:03.587329');
INSERT INTO "operations" VALUES('a6448f50-1f2c-41df-9ace-6b27676ed966','start_machine','Succeeded',1,'11111111-2222-3333-4444-555555555555','brazilsouth','/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/campus/providers/Microsoft.LabServices/labs/algebra','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labs/algebra','504146d7c813403ea341f7f4726b76d7','f0e5dfac-7278-4754-a132-5e7aa79a0012','{}','{}',0,'','','','2026-12-01 01:32:03.605220','2026-12-01 01:32:03.713916');
CREATE TABLE packs (
	region VARCHAR(90) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	size BIGINT NOT NULL, 
	chunks INTEGER NOT NULL, verified BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_packs PRIMARY KEY (region, name)
)
 WITHOUT ROWID

;
INSERT INTO "packs" VALUES('brazilsouth','b0de97a422237b5282a1653ee1bfd9ba',477,4,0);
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
INSERT INTO "principals" VALUES('4e8b87d0-4aae-4e37-a5c8-247647421d86','User','admin','admin','Admin','',1,'2026-12-01 01:32:02.916596',NULL,NULL);
INSERT INTO "principals" VALUES('f0e5dfac-7278-4754-a132-5e7aa79a0012','User','educator','educator','Educator','',1,'2026-12-01 01:32:02.922256',NULL,NULL);
INSERT INTO "principals" VALUES('cd7b9ad4-fcad-487f-b215-220c5fc05c9e','User','colleague','colleague','Colleague','',1,'2026-12-01 01:32:02.925062',NULL,NULL);
INSERT INTO "principals" VALUES('3fd3576c-2689-4596-8dc4-bd7fae4dc672','User','nobody','nobody','Nobody','',1,'2026-12-01 01:32:02.926074',NULL,NULL);
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
INSERT INTO "replicas" VALUES('dd3a5515bea94e069c0e06930d067fb7','brazilsouth','Completed',NULL,0,0,0,'','2026-12-01 01:32:03.301571','brazilsouth',NULL,NULL,'9ec6de859d81406382fb6e27b4b2f4d5',NULL,NULL,NULL,0);
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
INSERT INTO "resource_groups" VALUES('51160091c70a4f8483a3e4714d150204','/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/campus','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus','brazilsouth','{}','Succeeded','2026-12-01 01:32:02.957218','admin','2026-12-01 01:32:02.957218','admin','11111111-2222-3333-4444-555555555555');
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
INSERT INTO "role_assignments" VALUES('ad5adfe2-d74a-42b1-92fc-dea74deee04b','4e8b87d0-4aae-4e37-a5c8-247647421d86','Owner','/subscriptions/11111111-2222-3333-4444-555555555555','2026-12-01 01:32:02.922172','4e8b87d0-4aae-4e37-a5c8-247647421d86');
INSERT INTO "role_assignments" VALUES('680e0052-5c53-48a2-bbc8-9c57cb0171e9','f0e5dfac-7278-4754-a132-5e7aa79a0012','Lab Creator','/subscriptions/11111111-2222-3333-4444-555555555555','2026-12-01 01:32:02.925005','f0e5dfac-7278-4754-a132-5e7aa79a0012');
INSERT INTO "role_assignments" VALUES('e29a3cae-77cb-45a7-8a1b-ddc0c609b4be','cd7b9ad4-fcad-487f-b215-220c5fc05c9e','Lab Creator','/subscriptions/11111111-2222-3333-4444-555555555555','2026-12-01 01:32:02.926028','cd7b9ad4-fcad-487f-b215-220c5fc05c9e');
INSERT INTO "role_assignments" VALUES('2af9a5a9-4ae2-401e-90f9-3377f2b4c136','f0e5dfac-7278-4754-a132-5e7aa79a0012','Owner','/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/campus/providers/microsoft.labservices/labs/algebra','2026-12-01 01:32:03.436762','f0e5dfac-7278-4754-a132-5e7aa79a0012');
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
INSERT INTO "version_disks" VALUES('dd3a5515bea94e069c0e06930d067fb7',-1,1048576,1048576,1048576,712,'2b5a8bcdf84a34f5455068cf19895ce23cb8b5c561d410b91d15aa2c1f5388db',-1);
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
COMMIT;
