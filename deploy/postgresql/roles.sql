-- /docker-entrypoint-initdb.d/roles.sql: the two roles of the service, once, in its new and empty database (README.md).
-- actitud_owner owns the tables and migrates; actitud_serving serves. What may never change, it cannot change: it can
-- neither disable a trigger nor take a table's place. `actitud-api migrate` and `init` give it what it needs of each table.
\getenv owner_password ACTITUD_OWNER_PASSWORD
\getenv serving_password ACTITUD_SERVING_PASSWORD
CREATE ROLE actitud_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE actitud_serving LOGIN PASSWORD :'serving_password';
ALTER DATABASE :"DBNAME" OWNER TO actitud_owner;
ALTER SCHEMA public OWNER TO actitud_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
-- A temporary table would come before the one of the same name that a trigger asks.
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO actitud_serving;
